CREATE TABLE `attributions` (
	`sequence` bigint unsigned AUTO_INCREMENT NOT NULL,
	`event_id` binary(32) NOT NULL,
	`revision` int unsigned NOT NULL,
	`event_type` varbinary(96) NOT NULL,
	`source` json NOT NULL,
	`company_id` varchar(40) character set ascii collate ascii_bin,
	`confidence` double,
	`reason` varbinary(32),
	`details` json NOT NULL,
	`waterfall` json NOT NULL,
	`candidates` json NOT NULL,
	`none_posterior` double NOT NULL,
	`model_version` varbinary(64) NOT NULL,
	`directory_version` bigint unsigned NOT NULL,
	`as_of` datetime(3) NOT NULL,
	`decided_at` datetime(3) NOT NULL,
	CONSTRAINT `attributions_sequence` PRIMARY KEY(`sequence`),
	CONSTRAINT `attributions_by_event` UNIQUE(`event_id`,`revision`)
);
--> statement-breakpoint
CREATE TABLE `companies` (
	`company_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`name` varchar(200) NOT NULL,
	`time_zone` varchar(64) NOT NULL,
	`created_at` datetime(3) NOT NULL,
	`deactivated_at` datetime(3),
	CONSTRAINT `companies_company_id` PRIMARY KEY(`company_id`)
);
--> statement-breakpoint
CREATE TABLE `connections` (
	`company_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`connection_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`provider` varbinary(32) NOT NULL,
	`current_secret` varbinary(2300) NOT NULL,
	`previous_secret` varbinary(2300),
	`secret_version` int unsigned NOT NULL,
	`secret_cursor` bigint unsigned NOT NULL,
	CONSTRAINT `connections_company_id_connection_id_pk` PRIMARY KEY(`company_id`,`connection_id`),
	CONSTRAINT `connections_by_id` UNIQUE(`connection_id`),
	CONSTRAINT `connections_by_secret_cursor` UNIQUE(`secret_cursor`)
);
--> statement-breakpoint
CREATE TABLE `directory_state` (
	`id` tinyint NOT NULL,
	`directory_version` bigint unsigned NOT NULL,
	`secret_version` bigint unsigned NOT NULL,
	CONSTRAINT `directory_state_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE TABLE `entities` (
	`entity_key` binary(32) NOT NULL,
	`company_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`event_id` binary(32) NOT NULL,
	`attributed_at` datetime(3) NOT NULL,
	CONSTRAINT `entities_entity_key` PRIMARY KEY(`entity_key`)
);
--> statement-breakpoint
CREATE TABLE `inbox` (
	`handler` varbinary(64) NOT NULL,
	`event_id` binary(32) NOT NULL,
	`revision` int unsigned NOT NULL,
	`claim` bigint unsigned NOT NULL,
	`outcome` varbinary(8) NOT NULL,
	`event_type` varbinary(96) NOT NULL,
	`company_id` varbinary(40),
	`attempts` int unsigned NOT NULL,
	`handled_at` datetime(3) NOT NULL,
	`envelope` mediumblob,
	`payload` mediumblob,
	`error` varbinary(2048),
	CONSTRAINT `inbox_handler_event_id_revision_pk` PRIMARY KEY(`handler`,`event_id`,`revision`)
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
CREATE TABLE `signals` (
	`company_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`signal_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`kind` varbinary(32) NOT NULL,
	`value` varbinary(1020) NOT NULL,
	`valid_from` datetime(3),
	`valid_until` datetime(3),
	`connection_id` varchar(40) character set ascii collate ascii_bin,
	CONSTRAINT `signals_company_id_signal_id_pk` PRIMARY KEY(`company_id`,`signal_id`)
);
--> statement-breakpoint
ALTER TABLE `connections` ADD CONSTRAINT `connections_company` FOREIGN KEY (`company_id`) REFERENCES `companies`(`company_id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `signals` ADD CONSTRAINT `signals_company` FOREIGN KEY (`company_id`) REFERENCES `companies`(`company_id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `signals` ADD CONSTRAINT `signals_connection` FOREIGN KEY (`company_id`,`connection_id`) REFERENCES `connections`(`company_id`,`connection_id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX `attributions_by_company` ON `attributions` (`company_id`,`sequence`);--> statement-breakpoint
CREATE INDEX `attributions_by_reason` ON `attributions` (`reason`,`sequence`);--> statement-breakpoint
CREATE INDEX `inbox_outcome` ON `inbox` (`outcome`,`handled_at`);--> statement-breakpoint
CREATE INDEX `outbox_due` ON `outbox` (`published_at`,`next_attempt_at`);--> statement-breakpoint
CREATE INDEX `outbox_position` ON `outbox` (`stream`,`stream_seq`);--> statement-breakpoint
CREATE INDEX `signals_by_value` ON `signals` (`value`,`kind`);