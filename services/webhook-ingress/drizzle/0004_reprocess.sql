CREATE TABLE `event_revisions` (
	`event_id` binary(32) NOT NULL,
	`revision` int unsigned NOT NULL,
	`mode` varbinary(16) NOT NULL,
	`event_type` varbinary(96) NOT NULL,
	`entity_id` varbinary(255) NOT NULL,
	`occurred_at` datetime(3) NOT NULL,
	`body` mediumblob NOT NULL,
	`caller` varbinary(255) NOT NULL,
	`actor` varbinary(255),
	`created_at` datetime(3) NOT NULL,
	CONSTRAINT `event_revisions_event_id_revision_pk` PRIMARY KEY(`event_id`,`revision`)
);
--> statement-breakpoint
ALTER TABLE `events` ADD `revision` int unsigned DEFAULT 1 NOT NULL;--> statement-breakpoint
CREATE INDEX `event_revisions_by_time` ON `event_revisions` (`created_at`);