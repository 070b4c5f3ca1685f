ALTER TABLE `event_revisions` ADD `run_id` varbinary(40);--> statement-breakpoint
ALTER TABLE `events` ADD `verified_by` varbinary(8);--> statement-breakpoint
ALTER TABLE `replays` ADD `row_spans` json;--> statement-breakpoint
ALTER TABLE `replays` ADD `matched_all` boolean DEFAULT true NOT NULL;