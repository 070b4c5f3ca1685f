CREATE TABLE `audit_entries` (
	`company_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`audit_entry_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`action` varbinary(64) NOT NULL,
	`subject_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`caller` varbinary(255) NOT NULL,
	`actor` varbinary(255),
	`changed_at` datetime(3) NOT NULL,
	`state_before` json,
	`state_after` json NOT NULL,
	`directory_version` bigint unsigned NOT NULL,
	CONSTRAINT `audit_entries_company_id_audit_entry_id_pk` PRIMARY KEY(`company_id`,`audit_entry_id`),
	CONSTRAINT `audit_entries_by_id` UNIQUE(`audit_entry_id`)
);
--> statement-breakpoint
CREATE TABLE `branches` (
	`company_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`branch_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`name` varchar(200) NOT NULL,
	`time_zone` varchar(64) NOT NULL,
	`created_at` datetime(3) NOT NULL,
	`deactivated_at` datetime(3),
	CONSTRAINT `branches_company_id_branch_id_pk` PRIMARY KEY(`company_id`,`branch_id`)
);
--> statement-breakpoint
CREATE TABLE `phone_numbers` (
	`company_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`phone_number_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`branch_id` varchar(40) character set ascii collate ascii_bin,
	`number` varbinary(16) NOT NULL,
	`valid_from` datetime(3),
	`valid_until` datetime(3),
	CONSTRAINT `phone_numbers_company_id_phone_number_id_pk` PRIMARY KEY(`company_id`,`phone_number_id`)
);
--> statement-breakpoint
ALTER TABLE `connections` ADD `created_at` datetime(3);--> statement-breakpoint
ALTER TABLE `connections` ADD `deactivated_at` datetime(3);--> statement-breakpoint
ALTER TABLE `signals` ADD `phone_number_id` varchar(40) character set ascii collate ascii_bin;--> statement-breakpoint
ALTER TABLE `audit_entries` ADD CONSTRAINT `audit_entries_company` FOREIGN KEY (`company_id`) REFERENCES `companies`(`company_id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `branches` ADD CONSTRAINT `branches_company` FOREIGN KEY (`company_id`) REFERENCES `companies`(`company_id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `phone_numbers` ADD CONSTRAINT `phone_numbers_company` FOREIGN KEY (`company_id`) REFERENCES `companies`(`company_id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `phone_numbers` ADD CONSTRAINT `phone_numbers_branch` FOREIGN KEY (`company_id`,`branch_id`) REFERENCES `branches`(`company_id`,`branch_id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX `audit_entries_by_subject` ON `audit_entries` (`company_id`,`subject_id`,`audit_entry_id`);--> statement-breakpoint
ALTER TABLE `signals` ADD CONSTRAINT `signals_phone_number` FOREIGN KEY (`company_id`,`phone_number_id`) REFERENCES `phone_numbers`(`company_id`,`phone_number_id`) ON DELETE no action ON UPDATE no action;