CREATE TABLE `accounts` (
	`company_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`plan_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`name` varchar(255) NOT NULL,
	`email` varchar(320) NOT NULL,
	`attempt` int unsigned NOT NULL DEFAULT 1,
	`refused` boolean NOT NULL DEFAULT false,
	`customer_id` varbinary(255),
	`subscription_id` varbinary(255),
	`opened_at` datetime(3) NOT NULL,
	CONSTRAINT `accounts_company_id_pk` PRIMARY KEY(`company_id`),
	CONSTRAINT `accounts_customer` UNIQUE(`customer_id`)
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
CREATE TABLE `invoices` (
	`company_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`invoice_id` varbinary(255) NOT NULL,
	`customer_id` varbinary(255) NOT NULL,
	`subscription_id` varbinary(255) NOT NULL,
	`status` varbinary(64) NOT NULL,
	`total_minor` bigint NOT NULL,
	`amount_paid_minor` bigint NOT NULL,
	`currency` char(3) NOT NULL,
	`created_at` datetime(3) NOT NULL,
	`fetched_at` datetime(3) NOT NULL,
	`event_id` binary(32),
	`missing_since` datetime(3),
	CONSTRAINT `invoices_company_id_invoice_id_pk` PRIMARY KEY(`company_id`,`invoice_id`)
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
CREATE TABLE `plans` (
	`plan_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`name` varchar(255) NOT NULL,
	`currency` char(3) NOT NULL,
	`base_fee_minor` bigint NOT NULL,
	`included_minutes` int unsigned NOT NULL,
	`further_minute_minor` bigint NOT NULL,
	`message_minor` bigint NOT NULL,
	`provider_price_id` varbinary(255) NOT NULL,
	`created_at` datetime(3) NOT NULL,
	CONSTRAINT `plans_plan_id` PRIMARY KEY(`plan_id`)
);
--> statement-breakpoint
CREATE TABLE `refetches` (
	`company_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`object_type` enum('subscription','invoice') NOT NULL,
	`object_id` varbinary(255) NOT NULL,
	`requested_version` int unsigned NOT NULL,
	`fetched_version` int unsigned NOT NULL,
	`event_id` binary(32),
	`requested_at` datetime(3),
	`next_attempt_at` datetime(3),
	`attempts` int unsigned NOT NULL,
	`outcome` enum('mirrored','missing','foreign'),
	CONSTRAINT `refetches_company_id_object_type_object_id_pk` PRIMARY KEY(`company_id`,`object_type`,`object_id`)
);
--> statement-breakpoint
CREATE TABLE `subscriptions` (
	`company_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`subscription_id` varbinary(255) NOT NULL,
	`customer_id` varbinary(255) NOT NULL,
	`status` varbinary(64) NOT NULL,
	`cancel_at_period_end` boolean NOT NULL,
	`period_start` datetime(3),
	`period_end` datetime(3),
	`fetched_at` datetime(3) NOT NULL,
	`event_id` binary(32),
	`missing_since` datetime(3),
	CONSTRAINT `subscriptions_company_id_subscription_id_pk` PRIMARY KEY(`company_id`,`subscription_id`)
);
--> statement-breakpoint
CREATE TABLE `usage_records` (
	`company_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`usage_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`kind` enum('call_minutes','messages') NOT NULL,
	`entity_id` varbinary(255) NOT NULL,
	`event_id` binary(32) NOT NULL,
	`revision` int unsigned NOT NULL,
	`quantity` int NOT NULL,
	`used_at` datetime(3) NOT NULL,
	`created_at` datetime(3) NOT NULL,
	`reported_quantity` int NOT NULL DEFAULT 0,
	`reported_at` datetime(3),
	`pending_quantity` int,
	`report_number` int unsigned NOT NULL DEFAULT 0,
	`next_report_at` datetime(3),
	`unreported_since` datetime(3),
	`attempts` int unsigned NOT NULL DEFAULT 0,
	CONSTRAINT `usage_records_company_id_usage_id_pk` PRIMARY KEY(`company_id`,`usage_id`),
	CONSTRAINT `usage_records_natural` UNIQUE(`company_id`,`kind`,`entity_id`)
);
--> statement-breakpoint
ALTER TABLE `accounts` ADD CONSTRAINT `accounts_plan` FOREIGN KEY (`plan_id`) REFERENCES `plans`(`plan_id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX `inbox_outcome` ON `inbox` (`outcome`,`handled_at`);--> statement-breakpoint
CREATE INDEX `invoices_by_creation` ON `invoices` (`company_id`,`created_at`,`invoice_id`);--> statement-breakpoint
CREATE INDEX `outbox_due` ON `outbox` (`published_at`,`next_attempt_at`);--> statement-breakpoint
CREATE INDEX `outbox_position` ON `outbox` (`stream`,`stream_seq`);--> statement-breakpoint
CREATE INDEX `refetches_due` ON `refetches` (`next_attempt_at`);--> statement-breakpoint
CREATE INDEX `refetches_waiting` ON `refetches` (`requested_at`);--> statement-breakpoint
CREATE INDEX `usage_records_by_time` ON `usage_records` (`company_id`,`used_at`,`usage_id`);--> statement-breakpoint
CREATE INDEX `usage_records_by_kind` ON `usage_records` (`company_id`,`kind`,`used_at`,`usage_id`,`quantity`);--> statement-breakpoint
CREATE INDEX `usage_records_due` ON `usage_records` (`next_report_at`);--> statement-breakpoint
CREATE INDEX `usage_records_waiting` ON `usage_records` (`unreported_since`);