CREATE TABLE `broker_marks` (
	`name` varbinary(128) NOT NULL,
	`state` json NOT NULL,
	`marked_at` datetime(3) NOT NULL,
	CONSTRAINT `broker_marks_name` PRIMARY KEY(`name`)
);
