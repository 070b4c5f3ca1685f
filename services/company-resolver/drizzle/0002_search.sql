CREATE INDEX `attributions_by_company_and_time` ON `attributions` (`company_id`,`decided_at`,`sequence`);--> statement-breakpoint
CREATE INDEX `attributions_by_time` ON `attributions` (`decided_at`,`sequence`);--> statement-breakpoint
CREATE INDEX `outbox_by_correlation` ON `outbox` (`correlation_id`);