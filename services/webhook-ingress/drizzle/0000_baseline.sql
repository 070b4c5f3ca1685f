CREATE TABLE `connection_secrets` (
	`connection_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`provider` varchar(32) NOT NULL,
	`sealed_current` mediumblob NOT NULL,
	`sealed_previous` mediumblob,
	`version` bigint unsigned NOT NULL,
	CONSTRAINT `connection_secrets_connection_id` PRIMARY KEY(`connection_id`)
);
--> statement-breakpoint
CREATE TABLE `deliveries` (
	`delivery_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`provider` varchar(32) NOT NULL,
	`connection_id` varchar(40) character set ascii collate ascii_bin,
	`received_at` datetime(3) NOT NULL,
	`headers` json NOT NULL,
	`body` mediumblob NOT NULL,
	CONSTRAINT `deliveries_delivery_id` PRIMARY KEY(`delivery_id`)
);
--> statement-breakpoint
CREATE TABLE `events` (
	`event_id` binary(32) NOT NULL,
	`claim` bigint unsigned NOT NULL,
	`delivery_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`provider` varchar(32) NOT NULL,
	`connection_id` varchar(40) character set ascii collate ascii_bin,
	`type` varchar(96) NOT NULL,
	`entity_id` varbinary(255) NOT NULL,
	`received_at` datetime(3) NOT NULL,
	CONSTRAINT `events_event_id` PRIMARY KEY(`event_id`)
);
--> statement-breakpoint
CREATE TABLE `outbox` (
	`id` bigint unsigned AUTO_INCREMENT NOT NULL,
	`event_id` binary(32) NOT NULL,
	`revision` int unsigned NOT NULL,
	`event_type` varbinary(96) NOT NULL,
	`subject` varbinary(255) NOT NULL,
	`entity_id` varbinary(1024) NOT NULL,
	`company_id` varbinary(40),
	`confidence` double,
	`correlation_id` varbinary(255) NOT NULL,
	`causation_id` varbinary(255),
	`traceparent` varbinary(64),
	`tracestate` varbinary(512),
	`body` mediumblob NOT NULL,
	`occurred_at` datetime(3) NOT NULL,
	`created_at` datetime(3) NOT NULL,
	`published_at` datetime(3),
	`stream` varbinary(64),
	`stream_seq` bigint unsigned,
	`attempts` int unsigned NOT NULL DEFAULT 0,
	`next_attempt_at` datetime(3) NOT NULL,
	`last_error` varbinary(255),
	CONSTRAINT `outbox_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE TABLE `refusals` (
	`id` bigint unsigned AUTO_INCREMENT NOT NULL,
	`at` datetime(3) NOT NULL,
	`provider` varchar(32) NOT NULL,
	`connection_id` varchar(40),
	`code` varchar(40) NOT NULL,
	`address` varchar(45) NOT NULL,
	`times` int unsigned NOT NULL,
	CONSTRAINT `refusals_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE INDEX `deliveries_by_time` ON `deliveries` (`received_at`);--> statement-breakpoint
CREATE INDEX `events_by_time` ON `events` (`received_at`,`event_id`);--> statement-breakpoint
CREATE INDEX `events_by_entity` ON `events` (`entity_id`,`received_at`);--> statement-breakpoint
CREATE INDEX `outbox_due` ON `outbox` (`published_at`,`next_attempt_at`);--> statement-breakpoint
CREATE INDEX `outbox_position` ON `outbox` (`stream`,`stream_seq`);--> statement-breakpoint
CREATE INDEX `refusals_by_time` ON `refusals` (`at`);