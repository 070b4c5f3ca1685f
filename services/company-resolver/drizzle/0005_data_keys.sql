CREATE TABLE `data_keys` (
	`company_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`key_id` int unsigned NOT NULL,
	`kek_id` varbinary(255) NOT NULL,
	`wrapped` varbinary(1024) NOT NULL,
	`state` varbinary(16) NOT NULL,
	`created_at` datetime(3) NOT NULL,
	CONSTRAINT `data_keys_company_id_key_id_pk` PRIMARY KEY(`company_id`,`key_id`)
);
--> statement-breakpoint
CREATE TABLE `key_rotations` (
	`rotation_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`target` varbinary(16) NOT NULL,
	`only_company` varchar(40) character set ascii collate ascii_bin,
	`started_by` varbinary(255) NOT NULL,
	`started_at` datetime(3) NOT NULL,
	`finished_at` datetime(3),
	`done_through` varchar(40) character set ascii collate ascii_bin NOT NULL DEFAULT '',
	`pass` int unsigned NOT NULL DEFAULT 0,
	`companies_done` int unsigned NOT NULL DEFAULT 0,
	`companies_total` int unsigned NOT NULL DEFAULT 0,
	`data_keys_made` int unsigned NOT NULL DEFAULT 0,
	`data_keys_rewrapped` int unsigned NOT NULL DEFAULT 0,
	`secrets_resealed` int unsigned NOT NULL DEFAULT 0,
	`failures` int unsigned NOT NULL DEFAULT 0,
	CONSTRAINT `key_rotations_rotation_id` PRIMARY KEY(`rotation_id`)
);
--> statement-breakpoint
ALTER TABLE `data_keys` ADD CONSTRAINT `data_keys_company` FOREIGN KEY (`company_id`) REFERENCES `companies`(`company_id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX `key_rotations_by_start` ON `key_rotations` (`started_at`);