ALTER TABLE `deliveries` DROP PRIMARY KEY, ADD PRIMARY KEY(`delivery_id`,`received_at`);--> statement-breakpoint
ALTER TABLE `deliveries` PARTITION BY RANGE COLUMNS(`received_at`) (PARTITION `p20261125` VALUES LESS THAN ('2026-11-26 00:00:00'), PARTITION `rest` VALUES LESS THAN (MAXVALUE));
