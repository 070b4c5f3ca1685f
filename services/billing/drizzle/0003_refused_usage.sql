ALTER TABLE `usage_records` ADD `last_reported_quantity` int;--> statement-breakpoint
CREATE INDEX `usage_records_by_id` ON `usage_records` (`usage_id`);