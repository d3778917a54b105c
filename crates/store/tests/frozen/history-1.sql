PRAGMA journal_mode = WAL;
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    created INTEGER NOT NULL
);
CREATE TABLE exchanges (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session TEXT NOT NULL REFERENCES sessions (id),
    created INTEGER NOT NULL,
    user TEXT NOT NULL,
    reply TEXT NOT NULL
);
INSERT INTO sessions VALUES ('018f6b1e-0000-7000-8000-000000000001', 'Tea', 1715000000000);
INSERT INTO sessions VALUES ('018f6b1e-0000-7000-8000-000000000002', 'مرحبا', 1715100000000);
INSERT INTO exchanges VALUES (1, '018f6b1e-0000-7000-8000-000000000001', 1715000001000, 'How long does green tea steep?', 'Two to three minutes.');
INSERT INTO exchanges VALUES (4, '018f6b1e-0000-7000-8000-000000000001', 1715000060000, 'And black tea?', 'Four minutes, in a café.');
INSERT INTO exchanges VALUES (5, '018f6b1e-0000-7000-8000-000000000002', 1715100001000, 'مَرحَباً بالعالم', '今天天气很好。👨‍👩‍👧');
PRAGMA user_version = 1;
