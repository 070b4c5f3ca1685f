CREATE TABLE `appointment_references` (
	`company_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`kind` enum('call','calendar_booking','calendar_series') NOT NULL,
	`value` varbinary(255) NOT NULL,
	`appointment_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	CONSTRAINT `appointment_references_company_id_kind_value_pk` PRIMARY KEY(`company_id`,`kind`,`value`)
);
--> statement-breakpoint
CREATE TABLE `appointments` (
	`company_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`appointment_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`customer_id` varchar(40) character set ascii collate ascii_bin,
	`status` enum('requested','confirmed','cancelled') NOT NULL,
	`origin` enum('call','calendar_booking') NOT NULL,
	`origin_id` varchar(255) NOT NULL,
	`title` varchar(500) NOT NULL,
	`starts_at` datetime(3),
	`ends_at` datetime(3),
	`preferred_start_text` varchar(500) NOT NULL,
	`cancellation_reason` varchar(1000) NOT NULL,
	`version` int unsigned NOT NULL,
	`changed_at` datetime(3) NOT NULL,
	`change_sequence` int unsigned NOT NULL,
	`change_rank` int unsigned NOT NULL,
	`change_revision` int unsigned NOT NULL,
	`created_at` datetime(3) NOT NULL,
	`updated_at` datetime(3) NOT NULL,
	CONSTRAINT `appointments_company_id_appointment_id_pk` PRIMARY KEY(`company_id`,`appointment_id`)
);
--> statement-breakpoint
CREATE TABLE `customer_identities` (
	`company_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`kind` enum('email','caller_number') NOT NULL,
	`value` varbinary(320) NOT NULL,
	`customer_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	CONSTRAINT `customer_identities_company_id_kind_value_pk` PRIMARY KEY(`company_id`,`kind`,`value`)
);
--> statement-breakpoint
CREATE TABLE `customers` (
	`company_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`customer_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`name` varchar(255) NOT NULL,
	`email` varchar(320) NOT NULL,
	`phone_number` varchar(20) NOT NULL,
	`contact_at` datetime(3) NOT NULL,
	`created_at` datetime(3) NOT NULL,
	CONSTRAINT `customers_company_id_customer_id_pk` PRIMARY KEY(`company_id`,`customer_id`)
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
ALTER TABLE `appointment_references` ADD CONSTRAINT `appointment_references_appointment` FOREIGN KEY (`company_id`,`appointment_id`) REFERENCES `appointments`(`company_id`,`appointment_id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `appointments` ADD CONSTRAINT `appointments_customer` FOREIGN KEY (`company_id`,`customer_id`) REFERENCES `customers`(`company_id`,`customer_id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `customer_identities` ADD CONSTRAINT `customer_identities_customer` FOREIGN KEY (`company_id`,`customer_id`) REFERENCES `customers`(`company_id`,`customer_id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX `appointment_references_by_value` ON `appointment_references` (`company_id`,`value`);--> statement-breakpoint
CREATE INDEX `appointments_by_start` ON `appointments` (`company_id`,`starts_at`,`appointment_id`);--> statement-breakpoint
CREATE INDEX `appointments_by_customer` ON `appointments` (`company_id`,`customer_id`,`starts_at`,`appointment_id`);--> statement-breakpoint
CREATE INDEX `appointments_by_status` ON `appointments` (`company_id`,`status`,`starts_at`,`appointment_id`);--> statement-breakpoint
CREATE INDEX `customers_by_creation` ON `customers` (`company_id`,`created_at`,`customer_id`);--> statement-breakpoint
CREATE INDEX `inbox_outcome` ON `inbox` (`outcome`,`handled_at`);--> statement-breakpoint
CREATE INDEX `outbox_due` ON `outbox` (`published_at`,`next_attempt_at`);--> statement-breakpoint
CREATE INDEX `outbox_position` ON `outbox` (`stream`,`stream_seq`);