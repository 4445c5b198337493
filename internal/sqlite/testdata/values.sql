-- The database values.sqlite.gz, by: sqlite3 values.sqlite < values.sql && gzip -9n values.sqlite
PRAGMA page_size = 512;
CREATE TABLE numbers (id INTEGER PRIMARY KEY, value);
INSERT INTO numbers VALUES (1, 0), (2, 1), (3, -1), (4, 127), (5, -32768), (6, 8388607), (7, -2147483648),
  (8, 140737488355327), (9, -9223372036854775808), (10, NULL), (11, 1.5), (12, 'text'), (13, x'00ff'), (-5, 'before');
CREATE TABLE long (name TEXT, content BLOB);
INSERT INTO long VALUES ('short', x'01'), ('one overflow page', zeroblob(900)), ('many', zeroblob(100000));
CREATE TABLE many (n);
WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 3000) INSERT INTO many SELECT i FROM c;
CREATE TABLE empty (x);
