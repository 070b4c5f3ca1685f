ALTER TABLE `appointments` ADD `flagged_at` datetime(3);--> statement-breakpoint
CREATE INDEX `appointments_flagged` ON `appointments` (`company_id`,`flagged_at`);