INSERT INTO thing VALUES (
    '02:00:00:00:0a:01', 'Hallway lamp', 'lamp-1', 'lan1', '2026-01-01T00:00:00.000000000Z', '2026-03-04T05:06:07.500000000Z',
    'https://lamp.example.com/v1', 'owner',
    '[{"address":"192.0.2.7","expires":"2026-03-04T06:00:00Z"},{"address":"2001:db8::7","expires":null}]',
    x'1111111111111111111111111111111111111111111111111111111111111111', 1, '["https://other.example.com/","new-thing"]',
    '[{"id":1,"what":{"kind":"allow","flows":{"peer":{"name":"cloud.example.com"},"initiator":"thing","protocol":6,"port":443}},"made":"2026-01-02T00:00:00Z","until":null},{"id":2,"what":{"kind":"block","flows":{"peer":{"address":"192.0.2.9"},"initiator":"thing","protocol":null,"port":null}},"made":"2026-01-02T00:00:00Z","until":null},{"id":3,"what":{"kind":"lift"},"made":"2026-01-02T00:00:00Z","until":"2026-01-02T01:00:00Z"}]', 'protect',
    '[{"class":"my-controller","members":["02:00:00:00:0a:02"]}]', '["2026-01-03T00:00:00Z",{"about":"url","url":"https://evil.example.com/","channel":"lldp"}]',
    '["2026-01-03T00:00:00Z",["https://evil.example.com/"]]', 1, 'br-lan'
);
INSERT INTO thing VALUES (
    '02:00:00:00:0a:02', NULL, NULL, NULL, '2026-01-01T00:00:00.000000000Z', '2026-01-01T00:00:00.000000000Z',
    NULL, NULL, '[]', NULL, 0, NULL, '[]', NULL, '[]', NULL, NULL, 0, NULL
);
INSERT INTO file VALUES (
    'https://lamp.example.com/v1', CAST('{}' AS BLOB), x'44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
    '{"kind":"signed","signer":"CN=Lamp","key":"00","provisional":false}', '2026-01-02T00:00:00.000000000Z', '"abc"'
);
INSERT INTO file VALUES (
    'https://other.example.com/v1', CAST('{}' AS BLOB), x'44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
    '{"kind":"approved","at":"2026-01-02T00:00:00Z"}', '2026-01-02T00:00:00.000000000Z', NULL
);
INSERT INTO journal (at, thing, kind, detail, by) VALUES
    ('2026-01-01T00:00:00.000000000Z', '02:00:00:00:0a:01', 'url-learnt', 'https://lamp.example.com/v1', '"thing"'),
    ('2026-01-01T00:00:01.000000000Z', '02:00:00:00:0a:01', 'urls-ignored', '8', '"thing"'),
    ('2026-01-01T00:00:02.000000000Z', '02:00:00:00:0a:01', 'allowed', '', '"command-line"'),
    ('2026-01-01T00:00:03.000000000Z', '02:00:00:00:0a:01', 'blocked', '', '"command-line"'),
    ('2026-01-01T00:00:04.000000000Z', '02:00:00:00:0a:01', 'lifted', '', '"command-line"'),
    ('2026-01-01T00:00:05.000000000Z', '02:00:00:00:0a:01', 'override-ended', '', '"mudguard"'),
    ('2026-01-01T00:00:06.000000000Z', '02:00:00:00:0a:01', 'renamed', 'Hallway lamp', '{"token":"phone"}'),
    ('2026-01-01T00:00:07.000000000Z', '02:00:00:00:0a:03', 'forgotten', '', '"page"'),
    ('2026-01-01T00:00:08.000000000Z', '02:00:00:00:0a:01', 'undone', '', '"command-line"'),
    ('2026-01-01T00:00:09.000000000Z', '02:00:00:00:0a:01', 'mode-set', 'protect', '"command-line"'),
    ('2026-01-01T00:00:10.000000000Z', '02:00:00:00:0a:01', 'controllers-set', 'my-controller: 02:00:00:00:0a:02', '"command-line"'),
    ('2026-01-01T00:00:11.000000000Z', '02:00:00:00:0a:01', 'question-ended', 'place lan2', '"mudguard"'),
    ('2026-01-01T00:00:12.000000000Z', NULL, 'file-in-force', 'https://lamp.example.com/v1', '"maker"');
INSERT INTO waiting_file VALUES (
    'https://lamp.example.com/v1', CAST('{}' AS BLOB), x'44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
    '{"kind":"signed","signer":"CN=Other","key":"00","ca":"01","provisional":false}', '2026-01-02T00:00:00.000000000Z', NULL,
    'other-signer', 'it was signed by CN=Lamp and is now signed by CN=Other'
);
INSERT INTO undo VALUES (7, '{"id":7,"thing":"02:00:00:00:0a:01","step":{"step":"name","before":null}}');
