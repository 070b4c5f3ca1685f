ALTER TABLE `connections` ADD `previous_until` datetime(3);--> statement-breakpoint
UPDATE `connections` SET `previous_until` = UTC_TIMESTAMP(3) + INTERVAL 1 DAY WHERE `previous_secret` IS NOT NULL AND `previous_until` IS NULL;
