CREATE TABLE `audits` (
	`event_id` binary(32) NOT NULL,
	`drawn_at` datetime(3) NOT NULL,
	`reviewed_at` datetime(3),
	CONSTRAINT `audits_event_id` PRIMARY KEY(`event_id`)
);
--> statement-breakpoint
CREATE TABLE `reviews` (
	`sequence` bigint unsigned AUTO_INCREMENT NOT NULL,
	`event_id` binary(32) NOT NULL,
	`revision` int unsigned NOT NULL,
	`act` varbinary(32) NOT NULL,
	`company_id` varchar(40) character set ascii collate ascii_bin,
	`waited_for` varbinary(32),
	`added_signal_id` varchar(40) character set ascii collate ascii_bin,
	`reviewed_by` varbinary(255) NOT NULL,
	`reviewed_at` datetime(3) NOT NULL,
	`note` varchar(500) NOT NULL,
	`model_version` varbinary(64) NOT NULL,
	`propensity` double,
	CONSTRAINT `reviews_sequence` PRIMARY KEY(`sequence`)
);
--> statement-breakpoint
ALTER TABLE `attributions` ADD `discarded_by` varbinary(255);--> statement-breakpoint
ALTER TABLE `attributions` ADD `discarded_at` datetime(3);--> statement-breakpoint
ALTER TABLE `attributions` ADD `discard_note` varchar(500);--> statement-breakpoint
CREATE INDEX `audits_waiting` ON `audits` (`reviewed_at`,`drawn_at`,`event_id`);--> statement-breakpoint
CREATE INDEX `reviews_by_event` ON `reviews` (`event_id`,`sequence`);