INSERT INTO thing VALUES (
    '02:00:00:00:0a:01', 'Hallway lamp', 'lamp-1', 'lan1', '2026-01-01T00:00:00.000000000Z', '2026-03-04T05:06:07.500000000Z',
    'https://lamp.example.com/v1', 'owner',
    '[{"address":"192.0.2.7","expires":"2026-03-04T06:00:00Z"},{"address":"2001:db8::7","expires":null}]',
    x'1111111111111111111111111111111111111111111111111111111111111111', 1, '["https://other.example.com/","new-thing"]',
    '[{"id":1,"what":{"kind":"allow","flows":{"peer":{"name":"cloud.example.com"},"initiator":"thing","protocol":6,"port":443}},"made":"2026-01-02T00:00:00Z","until":null},{"id":2,"what":{"kind":"block","flows":{"peer":{"address":"192.0.2.9"},"initiator":"thing","protocol":null,"port":null}},"made":"2026-01-02T00:00:00Z","until":null},{"id":3,"what":{"kind":"lift"},"made":"2026-01-02T00:00:00Z","until":"2026-01-02T01:00:00Z"}]', 'protect'
);
INSERT INTO thing VALUES (
    '02:00:00:00:0a:02', NULL, NULL, NULL, '2026-01-01T00:00:00.000000000Z', '2026-01-01T00:00:00.000000000Z',
    NULL, NULL, '[]', NULL, 0, NULL, '[]', NULL
);
INSERT INTO file VALUES (
    'https://lamp.example.com/v1', CAST('{}' AS BLOB), x'44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
    '{"kind":"signed","signer":"CN=Lamp","key":"00","provisional":false}', '2026-01-02T00:00:00.000000000Z', '"abc"'
);
INSERT INTO file VALUES (
    'https://other.example.com/v1', CAST('{}' AS BLOB), x'44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
    '{"kind":"approved","at":"2026-01-02T00:00:00Z"}', '2026-01-02T00:00:00.000000000Z', NULL
);
INSERT INTO journal (at, thing, kind, detail) VALUES
    ('2026-01-01T00:00:00.000000000Z', '02:00:00:00:0a:01', 'url-learnt', 'https://lamp.example.com/v1'),
    ('2026-01-01T00:00:01.000000000Z', '02:00:00:00:0a:01', 'urls-ignored', '8'),
    ('2026-01-01T00:00:02.000000000Z', '02:00:00:00:0a:01', 'allowed', ''),
    ('2026-01-01T00:00:03.000000000Z', '02:00:00:00:0a:01', 'blocked', ''),
    ('2026-01-01T00:00:04.000000000Z', '02:00:00:00:0a:01', 'lifted', ''),
    ('2026-01-01T00:00:05.000000000Z', '02:00:00:00:0a:01', 'override-ended', ''),
    ('2026-01-01T00:00:06.000000000Z', '02:00:00:00:0a:01', 'renamed', 'Hallway lamp'),
    ('2026-01-01T00:00:07.000000000Z', '02:00:00:00:0a:03', 'forgotten', ''),
    ('2026-01-01T00:00:08.000000000Z', '02:00:00:00:0a:01', 'undone', ''),
    ('2026-01-01T00:00:09.000000000Z', '02:00:00:00:0a:01', 'mode-set', 'protect');
