CREATE TABLE `conversation_identities` (
	`company_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`phone_number_id` varbinary(64) NOT NULL,
	`kind` enum('phone','user') NOT NULL,
	`value` varbinary(160) NOT NULL,
	`conversation_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	CONSTRAINT `conversation_identities_company_id_phone_number_id_kind_value_pk` PRIMARY KEY(`company_id`,`phone_number_id`,`kind`,`value`)
);
--> statement-breakpoint
CREATE TABLE `conversations` (
	`company_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`conversation_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`phone_number_id` varbinary(64) NOT NULL,
	`customer_phone` varchar(20) NOT NULL,
	`customer_user_id` varbinary(160) NOT NULL,
	`customer_name` varchar(255) NOT NULL,
	`last_message_at` datetime(3) NOT NULL,
	`last_inbound_at` datetime(3),
	`created_at` datetime(3) NOT NULL,
	CONSTRAINT `conversations_company_id_conversation_id_pk` PRIMARY KEY(`company_id`,`conversation_id`)
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
CREATE TABLE `messages` (
	`company_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`message_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`conversation_id` varchar(40) character set ascii collate ascii_bin,
	`direction` enum('inbound','outbound') NOT NULL,
	`kind` varchar(40) NOT NULL,
	`text` varchar(4096) NOT NULL,
	`template_name` varchar(512),
	`template_language` varchar(16),
	`template_parameters` json,
	`status` enum('received','queued','sending','unconfirmed','sent','failed','delivered','read') NOT NULL,
	`status_at` datetime(3) NOT NULL,
	`provider_message_id` varbinary(255),
	`purpose` enum('reply','appointment_confirmation'),
	`appointment_id` varchar(40) character set ascii collate ascii_bin,
	`idempotency_key` binary(32),
	`failure_reason` varchar(1000) NOT NULL,
	`attempts` int unsigned NOT NULL,
	`queued_at` datetime(3) NOT NULL,
	`due_at` datetime(3),
	`taken_at` datetime(3),
	`correlation_id` varbinary(255) NOT NULL,
	`causation_id` varbinary(255),
	`created_at` datetime(3) NOT NULL,
	CONSTRAINT `messages_company_id_message_id_pk` PRIMARY KEY(`company_id`,`message_id`),
	CONSTRAINT `messages_by_provider_id` UNIQUE(`company_id`,`provider_message_id`),
	CONSTRAINT `messages_by_key` UNIQUE(`company_id`,`idempotency_key`)
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
CREATE TABLE `senders` (
	`company_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`phone_number_id` varbinary(64) NOT NULL,
	`business_account_id` varbinary(64) NOT NULL,
	`template_name` varchar(512),
	`template_language` varchar(16),
	`created_at` datetime(3) NOT NULL,
	`updated_at` datetime(3) NOT NULL,
	CONSTRAINT `senders_company_id_pk` PRIMARY KEY(`company_id`),
	CONSTRAINT `senders_by_number` UNIQUE(`phone_number_id`)
);
--> statement-breakpoint
ALTER TABLE `conversation_identities` ADD CONSTRAINT `conversation_identities_conversation` FOREIGN KEY (`company_id`,`conversation_id`) REFERENCES `conversations`(`company_id`,`conversation_id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `messages` ADD CONSTRAINT `messages_conversation` FOREIGN KEY (`company_id`,`conversation_id`) REFERENCES `conversations`(`company_id`,`conversation_id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX `conversations_by_time` ON `conversations` (`company_id`,`last_message_at`,`conversation_id`);--> statement-breakpoint
CREATE INDEX `inbox_outcome` ON `inbox` (`outcome`,`handled_at`);--> statement-breakpoint
CREATE INDEX `messages_by_conversation` ON `messages` (`company_id`,`conversation_id`,`created_at`,`message_id`);--> statement-breakpoint
CREATE INDEX `messages_by_time` ON `messages` (`company_id`,`created_at`,`message_id`);--> statement-breakpoint
CREATE INDEX `messages_by_status` ON `messages` (`company_id`,`status`,`created_at`,`message_id`);--> statement-breakpoint
CREATE INDEX `messages_by_appointment` ON `messages` (`company_id`,`appointment_id`,`created_at`,`message_id`);--> statement-breakpoint
CREATE INDEX `messages_due` ON `messages` (`status`,`due_at`);--> statement-breakpoint
CREATE INDEX `outbox_due` ON `outbox` (`published_at`,`next_attempt_at`);--> statement-breakpoint
CREATE INDEX `outbox_position` ON `outbox` (`stream`,`stream_seq`);