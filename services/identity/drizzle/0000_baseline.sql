CREATE TABLE `attempts` (
	`subject_digest` binary(32) NOT NULL,
	`counted` int unsigned NOT NULL,
	`window_ends_at` datetime(3) NOT NULL,
	CONSTRAINT `attempts_subject_digest` PRIMARY KEY(`subject_digest`)
);
--> statement-breakpoint
CREATE TABLE `invitations` (
	`token_digest` binary(32) NOT NULL,
	`user_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`created_at` datetime(3) NOT NULL,
	`expires_at` datetime(3) NOT NULL,
	CONSTRAINT `invitations_token_digest` PRIMARY KEY(`token_digest`)
);
--> statement-breakpoint
CREATE TABLE `memberships` (
	`company_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`user_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	CONSTRAINT `memberships_company_id_user_id_pk` PRIMARY KEY(`company_id`,`user_id`)
);
--> statement-breakpoint
CREATE TABLE `recovery_codes` (
	`user_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`code_digest` binary(32) NOT NULL,
	`used_at` datetime(3),
	CONSTRAINT `recovery_codes_user_id_code_digest_pk` PRIMARY KEY(`user_id`,`code_digest`)
);
--> statement-breakpoint
CREATE TABLE `second_factors` (
	`user_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`secret` varbinary(1024),
	`proposed` varbinary(1024),
	`proposed_at` datetime(3),
	`last_step` bigint unsigned NOT NULL,
	CONSTRAINT `second_factors_user_id` PRIMARY KEY(`user_id`)
);
--> statement-breakpoint
CREATE TABLE `sessions` (
	`token_digest` binary(32) NOT NULL,
	`session_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`user_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`client` varbinary(16) NOT NULL,
	`second_factor` boolean NOT NULL,
	`created_at` datetime(3) NOT NULL,
	`seen_at` datetime(3) NOT NULL,
	`expires_at` datetime(3) NOT NULL,
	`revoked_at` datetime(3),
	CONSTRAINT `sessions_token_digest` PRIMARY KEY(`token_digest`),
	CONSTRAINT `sessions_by_id` UNIQUE(`session_id`)
);
--> statement-breakpoint
CREATE TABLE `signing_keys` (
	`kid` varbinary(64) NOT NULL,
	`public_x` varbinary(43) NOT NULL,
	`private_d` varbinary(1024) NOT NULL,
	`created_at` datetime(3) NOT NULL,
	`signs_from` datetime(3) NOT NULL,
	`verifies_until` datetime(3),
	CONSTRAINT `signing_keys_kid` PRIMARY KEY(`kid`)
);
--> statement-breakpoint
CREATE TABLE `users` (
	`user_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	`email` varbinary(254) NOT NULL,
	`name` varchar(200) NOT NULL,
	`operator` boolean NOT NULL,
	`password_hash` varbinary(255),
	`created_at` datetime(3) NOT NULL,
	`disabled_at` datetime(3),
	CONSTRAINT `users_user_id` PRIMARY KEY(`user_id`),
	CONSTRAINT `users_by_email` UNIQUE(`email`)
);
--> statement-breakpoint
ALTER TABLE `invitations` ADD CONSTRAINT `invitations_user` FOREIGN KEY (`user_id`) REFERENCES `users`(`user_id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `memberships` ADD CONSTRAINT `memberships_user` FOREIGN KEY (`user_id`) REFERENCES `users`(`user_id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `recovery_codes` ADD CONSTRAINT `recovery_codes_user` FOREIGN KEY (`user_id`) REFERENCES `users`(`user_id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `second_factors` ADD CONSTRAINT `second_factors_user` FOREIGN KEY (`user_id`) REFERENCES `users`(`user_id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `sessions` ADD CONSTRAINT `sessions_user` FOREIGN KEY (`user_id`) REFERENCES `users`(`user_id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX `attempts_by_end` ON `attempts` (`window_ends_at`);--> statement-breakpoint
CREATE INDEX `invitations_by_user` ON `invitations` (`user_id`);--> statement-breakpoint
CREATE INDEX `invitations_by_end` ON `invitations` (`expires_at`);--> statement-breakpoint
CREATE INDEX `memberships_by_user` ON `memberships` (`user_id`);--> statement-breakpoint
CREATE INDEX `sessions_by_user` ON `sessions` (`user_id`);--> statement-breakpoint
CREATE INDEX `sessions_by_end` ON `sessions` (`expires_at`);