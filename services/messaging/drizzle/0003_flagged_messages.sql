ALTER TABLE `messages` ADD `flagged_at` datetime(3);--> statement-breakpoint
CREATE INDEX `messages_flagged` ON `messages` (`company_id`,`flagged_at`);