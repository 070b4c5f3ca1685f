CREATE TABLE `replays` (
	`replay_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`state` varbinary(16) NOT NULL,
	`caller` varbinary(255) NOT NULL,
	`actor` varbinary(255),
	`selection` json NOT NULL,
	`row_ids` json,
	`after_row` bigint unsigned NOT NULL,
	`last_row` bigint unsigned NOT NULL,
	`events_per_second` int unsigned NOT NULL,
	`matched` bigint unsigned NOT NULL,
	`published` bigint unsigned NOT NULL,
	`failed` bigint unsigned NOT NULL,
	`created_at` datetime(3) NOT NULL,
	`started_at` datetime(3),
	`ended_at` datetime(3),
	CONSTRAINT `replays_replay_id` PRIMARY KEY(`replay_id`)
);
--> statement-breakpoint
CREATE INDEX `replays_by_state` ON `replays` (`state`,`replay_id`);