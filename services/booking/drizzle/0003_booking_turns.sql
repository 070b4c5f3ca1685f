CREATE TABLE `booking_turns` (
	`company_id` varchar(40) character set ascii collate ascii_bin NOT NULL,
	CONSTRAINT `booking_turns_company_id_pk` PRIMARY KEY(`company_id`)
);
--> statement-breakpoint
ALTER TABLE `appointment_references` MODIFY COLUMN `kind` enum('call','calendar_booking','calendar_series','tool_call') NOT NULL;