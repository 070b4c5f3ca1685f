CREATE TABLE `model_activations` (
	`sequence` bigint unsigned AUTO_INCREMENT NOT NULL,
	`version` varbinary(64) NOT NULL,
	`previous_version` varbinary(64) NOT NULL,
	`act` varbinary(16) NOT NULL,
	`activated_by` varbinary(255) NOT NULL,
	`activated_at` datetime(3) NOT NULL,
	CONSTRAINT `model_activations_sequence` PRIMARY KEY(`sequence`)
);
--> statement-breakpoint
CREATE TABLE `models` (
	`version` varbinary(64) NOT NULL,
	`created_at` datetime(3) NOT NULL,
	`created_by` varbinary(255) NOT NULL,
	`parameters` json NOT NULL,
	`labels` int unsigned,
	`audits` int unsigned,
	`labels_through` bigint unsigned,
	`trial` json,
	`objection` varchar(500),
	CONSTRAINT `models_version` PRIMARY KEY(`version`)
);
--> statement-breakpoint
ALTER TABLE `directory_state` ADD `model_version` varbinary(64);--> statement-breakpoint
CREATE INDEX `models_by_time` ON `models` (`created_at`,`version`);