/** The two tables of `mysqlInbox`, for the migrations of the database whose rows the handler writes; MySQL ≥ 8.4, MariaDB ≥ 10.11. */
export const mysqlInboxTables: readonly string[] = [
  `create table if not exists frontdesk_inbox (
  inbox varbinary(64) not null,
  event_id binary(32) not null,
  revision int unsigned not null,
  claim bigint unsigned not null,
  outcome enum('done', 'dead') not null,
  event_type varchar(100) not null,
  company_id varchar(40) null,
  attempts int unsigned not null,
  handled_at datetime(3) not null,
  envelope mediumtext null,
  payload mediumblob null,
  error varchar(2048) null,
  primary key (inbox, event_id, revision),
  key dead_letters (outcome, inbox, handled_at)
) engine = InnoDB default character set utf8mb4`,
  `create table if not exists frontdesk_anchors (
  inbox varbinary(64) not null,
  lane varbinary(8) not null,
  anchor text not null,
  primary key (inbox, lane)
) engine = InnoDB default character set utf8mb4`,
]
