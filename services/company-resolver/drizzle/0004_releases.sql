ALTER TABLE `attributions` ADD `released_by` varbinary(255);--> statement-breakpoint
ALTER TABLE `attributions` ADD `released_at` datetime(3);--> statement-breakpoint
ALTER TABLE `attributions` ADD `released_from` varbinary(32);