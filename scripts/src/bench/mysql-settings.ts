/** What makes a server of ours one as in production: as infra/mysql/frontdesk.cnf has it. */
export const productionSettings = [
  '--innodb-buffer-pool-size=1G',
  '--innodb-buffer-pool-dump-pct=100',
  '--innodb-log-file-size=2G',
  '--innodb-io-capacity=500',
  '--innodb-io-capacity-max=1000',
  '--innodb-max-dirty-pages-pct-lwm=50',
  '--innodb-flush-neighbors=0',
  '--max-allowed-packet=64M',
  '--sync-binlog=1',
]
