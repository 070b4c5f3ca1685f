ALTER TABLE `connection_secrets` ADD `previous_until` datetime(3);--> statement-breakpoint
UPDATE `connection_secrets` SET `previous_until` = UTC_TIMESTAMP(3) + INTERVAL 1 DAY WHERE `sealed_previous` IS NOT NULL AND `previous_until` IS NULL;
