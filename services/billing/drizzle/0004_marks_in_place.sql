-- The mark of a published row is written in place: this format alone keeps room for a column of fixed length that is null.
ALTER TABLE `outbox` ROW_FORMAT=REDUNDANT;
