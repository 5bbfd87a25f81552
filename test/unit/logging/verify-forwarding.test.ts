import { forwardingSchema } from '#logging/settings/forwarding-schema.js';
import { verifyForwarding } from '#logging/settings/verify-forwarding.js';
import test from 'ava';

/** Made for these tests: CN=logs.example.org, valid for a hundred years from 2026. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIDNjCCAh6gAwIBAgIUeY1iVtgufPOWv6rr1Y8zu2wVLYQwDQYJKoZIhvcNAQEL
BQAwGzEZMBcGA1UEAwwQbG9ncy5leGFtcGxlLm9yZzAgFw0yNjExMjIwNDIzMjda
GA8yMTI2MTAyOTA0MjMyN1owGzEZMBcGA1UEAwwQbG9ncy5leGFtcGxlLm9yZzCC
ASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAJ1HWFAX51iVpwod11HB9zsu
YW9Dh4kynuR04uBSDEBMcRy7gQdvtJzQZg7tbd2eLFon5QyTj8o4X/3Zm8uHoa1S
X4FGQeQd3T4RD59LidAk7tNzuGAuph2XGVfB7FV/kauS0UW5fu+VgvRVaJ2SEoJ6
2D2VBG/t0u793udQ1UHN+3A+NKf50oLjVDCqpuPkCeB2CdrFzRiNvrA809jw8qVW
jbdaTLbl5F19CA+6cH4YnDzEI93BiX0EzVshhhaXLzrVMS0/S+wNUVc0qblqyG45
UGYoKvZuHj+89/zVvbxMZ/CByvHsTphfNx3WJ/E0C5vLYMYX73hZ+js4idQ1jkEC
AwEAAaNwMG4wHQYDVR0OBBYEFLibAKJ2M0+eqbW3wRjAHi4vQiy1MB8GA1UdIwQY
MBaAFLibAKJ2M0+eqbW3wRjAHi4vQiy1MA8GA1UdEwEB/wQFMAMBAf8wGwYDVR0R
BBQwEoIQbG9ncy5leGFtcGxlLm9yZzANBgkqhkiG9w0BAQsFAAOCAQEAdeHFWB2V
npyRcK14nGzEonDCoApb8KjC95l2QyH9RxN6M7GktFxeKDfpwZZvFmVAVMW3P97+
E1a2UFrEUaOpdZgKy3I/+wyGpaePeEVv+9hlVR0OgL/uyuY775GuNyIuCKaIOKa7
G8TlfK3fwTeIyKd701ZM7m3X0qsUbPY3R+MDe+mC3LyJmXv0bHDJccFcZHry8LG6
X0bczqb7SlJ7bET+2nOYtU/av0x3T7THcg9d8kFrWmGw+r2axSL1nkHDfLtZE1HC
phaVvwlOhO7yMI8cT/dvJ3AZLVuoxVpszZuFZSUMjCI/re/q8CeQ2nJKh4x1hDf7
or0OjnVq3A64Ag==
-----END CERTIFICATE-----`;
const key = `-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCdR1hQF+dYlacK
HddRwfc7LmFvQ4eJMp7kdOLgUgxATHEcu4EHb7Sc0GYO7W3dnixaJ+UMk4/KOF/9
2ZvLh6GtUl+BRkHkHd0+EQ+fS4nQJO7Tc7hgLqYdlxlXwexVf5GrktFFuX7vlYL0
VWidkhKCetg9lQRv7dLu/d7nUNVBzftwPjSn+dKC41Qwqqbj5Angdgnaxc0Yjb6w
PNPY8PKlVo23Wky25eRdfQgPunB+GJw8xCPdwYl9BM1bIYYWly861TEtP0vsDVFX
NKm5ashuOVBmKCr2bh4/vPf81b28TGfwgcrx7E6YXzcd1ifxNAuby2DGF+94Wfo7
OInUNY5BAgMBAAECggEAMguRJM8uXIgmAjiTmp7LIeg0tbg5qOTUHWK6DGHfJxiL
x3Y8bNbVFC7Vwrs3AdVCTJ+0KOfNUa3VkYtMIRuzzNhQrmxiLAl6rDS2kVvyaqpN
2jfQu74sOm8pb7yzjFMO0ZbigzqukuKyrDd/FeB0hlM7eoDvzAPTYhui8VzNtuWp
9yBl2UmbQYNH/wRVC9NzFEuGKJEnq8P8SKZmxVcIo3O8XdBFk9eBAtARM/6WTHRX
XSUrG/tXSvfrA0Uu8tS/nhBYfJ6P81Tr5mrSajTTKCymPFVRzbewa8ABWu9FOauV
WS/p4OJHHAOnBuXNX8MisQwsD1XRUGrvexPwgBN+FwKBgQDNq5pIXf6P+DvANkWh
RdpJSpdAFjL2xONzD8S7GVRNH6LrWIT2S2ed0VCwAZmpWLkRAk+3ACB3CdFehxkv
D0pDaqHOCoA0E2EpWAPzlyuvmXVZ4ffbcVMedfDcAqyw0XIJa6tSVCJBds3rnzXZ
VEtpnN69MZbO2MTKoVBGSIovrwKBgQDDxDTJoZi/7BoaEQP1xeejW/Ag9Ta+uIeu
qzumaXK/mmHiOVvaviW5Pt0IruYNL9Y+bdq/7JHgg1qLfAqFvSzDtaK7IzM33SFa
fZBkwUr7YXblBFg00aWrIgbTHO/if30KMODRscEjj+iBAW+7uOXtLbqOp8X1MZeB
40nrXbUtDwKBgECqmgHy+91MkYzoA5Cno/CzcUcHM9L/KPy+kn65ghYVwmX5GSVP
pC6s54/PkP78FIRSk7nYYlzLS3dLRxHS3ui/mExuZMz64uva7rMibuvxdkJimEn5
IcdMEgU7Gg0mbZKkteNW7MZkkm5pSscgh+2XEzmtY9t5sLZ9bf4LRNelAoGAL2ZG
UbuqvG1yNHWCO/PbDhaooZI92xfa4lPbcYN+oR3ELX4t21zGzX+HDR8r3G2EtkDr
AiVJfM7REYzLD26qdAh6ik0Pjasg9EQKvhp/CTakDvdqU/+e2Ty34k3TV0f/AoSr
KpqbZPznErVCVHWEVlUIIppEuAV15aEeuLpLr8kCgYEAhNfV/UwzqtQQoJXbB0RN
92JH2VipxW9BhJksKhn7HR8oerW/chNHSjph6WQgrqA2RxnegEhwn/iOq/KR2ff7
AyJw1R/m84U1FaWzLp9ybkIM6l24eI0nHMLatdtls9YIYs+A3H9mVdxK8+/hHaeO
tLWGzcewKcXY7bmnYcesoDI=
-----END PRIVATE KEY-----`;
const otherKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQggT12K5yGc7JvTTN+
I5kBU0lMTdk7+e1SM3lucgFLP7ahRANCAASXaKm6F+jW9uP1pBIi8Hrz6dy0IUiQ
B2Q5z3nQIFn1xhSkKp3AIlcv/C3RzghIsP3A0jt4cH9F6RG7INUV03oA
-----END PRIVATE KEY-----`;

const facts = { volumeMegabytes: 4_096, now: Date.parse('2026-12-01') };
const nothingElse = { section: () => undefined };

function codes(destinations: object, now = facts.now, volumeMegabytes: number | undefined = 4_096) {
  const settings = forwardingSchema.parse({ destinations });
  return verifyForwarding({ settings, facts: { volumeMegabytes, now }, document: nothingElse }).map(
    ({ code, path }) => `${code.replace('logging.', '')} ${path.replace('log-forwarding/destinations', '')}`,
  );
}

test('takes a receiver with TLS, an authority and a certificate of this device', (t) => {
  const tls = { ca: certificate, certificate, key };
  t.deepEqual(codes({ a: { host: 'logs.example.org', protocol: 'tls', tls } }), []);
});

test('says that a protocol without TLS sends in clear', (t) => {
  t.deepEqual(codes({ a: { host: '192.0.2.1' } }), ['destination.in-clear /a/protocol']);
});

test('refuses what is no host, and this device itself', (t) => {
  const hosts = ['-a.example', '300.1.1.1', '1.2.3', 'zz::1', 'a..b'];
  for (const host of hosts)
    t.true(codes({ a: { host } }).includes('destination.invalid-host /a/host'), `${host} was taken`);
  for (const host of ['127.0.0.1', '::1', 'localhost'])
    t.true(codes({ a: { host } }).includes('destination.own-address /a/host'), `${host} was taken`);
});

test('refuses the same receiver twice, whatever the names', (t) => {
  const found = codes({ a: { host: 'logs.example.org' }, b: { host: 'LOGS.example.org', port: 514 } });
  t.true(found.includes('destination.duplicate /b'));
});

test('takes one host on UDP and TCP', (t) => {
  const found = codes({ a: { host: 'h', protocol: 'udp' }, b: { host: 'h', protocol: 'tcp' } });
  t.false(found.some((code) => code.includes('duplicate')));
});

test('refuses a key that does not belong to the certificate, and half a pair', (t) => {
  const at = (tls: object) => codes({ a: { host: 'logs.example.org', protocol: 'tls', tls } });
  t.deepEqual(at({ certificate, key: otherKey }), ['destination.key-differs /a/tls/key']);
  t.deepEqual(at({ certificate }), ['destination.key-without-certificate /a/tls']);
  t.deepEqual(at({ key }), ['destination.key-without-certificate /a/tls']);
});

test('refuses PEM that holds no certificate', (t) => {
  const ca = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
  const found = codes({ a: { host: 'logs.example.org', protocol: 'tls', tls: { ca } } });
  t.deepEqual(found, ['destination.certificate-unreadable /a/tls/ca']);
});

test('warns of certificates that expired', (t) => {
  const tls = { ca: certificate };
  const found = codes({ a: { host: 'logs.example.org', protocol: 'tls', tls } }, Date.parse('2150-01-01'));
  t.deepEqual(found, ['destination.certificate-expired /a/tls/ca']);
});

test('warns where an address leaves open which certificate is the right one', (t) => {
  const at = (tls: object) => codes({ a: { host: '192.0.2.1', protocol: 'relp-tls', tls } });
  t.deepEqual(at({}), ['destination.any-name /a/tls/name']);
  t.deepEqual(at({ name: 'logs.example.org' }), []);
});

test('keeps queues and log to three quarters of the data volume', (t) => {
  const destinations = { a: { host: 'h', queueMegabytes: 2_048 } };
  t.false(codes(destinations, facts.now, 4_096).some((code) => code.includes('queues')));
  t.true(codes(destinations, facts.now, 4_095).includes('queues.too-large '));
  t.false(codes(destinations, facts.now, undefined).some((code) => code.includes('queues')));
});
