using System.Diagnostics;
using System.Net;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Domicile.Accounts;
using Domicile.Deployments;
using Xunit;

namespace Domicile.Tests.Deployments;

/// <summary>The deployment's certificates: who gets one, who is believed. openssl is the second opinion.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class CertificateTests
{
    private static readonly ProcessRole Control = new ProcessRole.Control();
    private static readonly ProcessRole Beijing = new ProcessRole.Region(RegionName.Parse("beijing"));

    [Fact]
    public void Every_process_gets_a_certificate_that_openssl_verifies_and_that_names_it()
    {
        using var scratch = new ScratchDirectory();
        Issue(scratch, "demo", new ManualTime());

        foreach (var (path, name) in new[] { ("control", "control"), ("beijing", "region/beijing") })
        {
            var tls = Path.Combine(scratch.Path, path, "tls");
            // 2030-06-01: the hand-held clock of these tests starts in 2030.
            Assert.Contains(": OK", OpenSsl(
                "verify", "-attime", "1906502400", "-purpose", "sslclient", "-CAfile", $"{tls}/ca.pem", $"{tls}/peer.pem"), StringComparison.Ordinal);
            var names = OpenSsl("x509", "-in", $"{tls}/peer.pem", "-noout", "-ext", "subjectAltName");
            Assert.Contains($"URI:domicile://demo/{name}", names, StringComparison.Ordinal);
            Assert.Contains("DNS:localhost", names, StringComparison.Ordinal);
            Assert.Contains("IP Address:127.0.0.1", names, StringComparison.Ordinal);
            Assert.Contains("IP Address:0:0:0:0:0:0:0:1", names, StringComparison.Ordinal);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode($"{tls}/peer.key"));
        }

        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(scratch.Path, "control/ca/ca.key")));
        Assert.False(File.Exists(Path.Combine(scratch.Path, "beijing/tls/s3.pem")));
        Assert.False(File.Exists(Path.Combine(scratch.Path, "beijing/ca")));
    }

    [Fact]
    public void A_server_certificate_covers_the_hosts_and_buckets_below_them()
    {
        using var scratch = new ScratchDirectory();
        Issue(scratch, "demo", new ManualTime(), tls: true);

        var pem = Path.Combine(scratch.Path, "beijing/tls/s3.pem");
        Assert.Contains("does match certificate", OpenSsl("x509", "-in", pem, "-noout", "-checkhost", "localhost"), StringComparison.Ordinal);
        Assert.Contains("does match certificate", OpenSsl("x509", "-in", pem, "-noout", "-checkhost", "photos.s3.example.com"), StringComparison.Ordinal);
        Assert.Contains("does match certificate", OpenSsl("x509", "-in", pem, "-noout", "-checkip", "::1"), StringComparison.Ordinal);
        Assert.Contains("does NOT match", OpenSsl("x509", "-in", pem, "-noout", "-checkhost", "example.com"), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(scratch.Path, "control/tls/api.pem")));
    }

    [Fact]
    public void Peers_are_recognised_by_their_certificates()
    {
        using var scratch = new ScratchDirectory();
        var time = new ManualTime();
        Issue(scratch, "demo", time);
        using var authority = TlsFiles.LoadAuthority(scratch.Path, Beijing);
        using var control = TlsFiles.LoadPeer(scratch.Path, Control);
        using var beijing = TlsFiles.LoadPeer(scratch.Path, Beijing);

        Assert.True(beijing.HasPrivateKey);
        Assert.False(authority.HasPrivateKey);
        Assert.Equal(new PeerIdentity.Control(), PeerIdentity.FromCertificate(control, authority, "demo", time.GetUtcNow()));
        Assert.Equal(
            new PeerIdentity.Region(RegionName.Parse("beijing")),
            PeerIdentity.FromCertificate(beijing, authority, "demo", time.GetUtcNow()));
    }

    [Fact]
    public void Nobody_else_is_believed()
    {
        using var scratch = new ScratchDirectory();
        using var foreign = new ScratchDirectory();
        var time = new ManualTime();
        Issue(scratch, "demo", time, tls: true);
        Issue(foreign, "demo", time);
        using var authority = TlsFiles.LoadAuthority(scratch.Path, Control);
        using var beijing = TlsFiles.LoadPeer(scratch.Path, Beijing);
        using var stranger = TlsFiles.LoadPeer(foreign.Path, Beijing);
        using var server = TlsFiles.LoadServer(scratch.Path, Beijing);
        using var selfSigned = SelfSigned("domicile://demo/control", time.GetUtcNow());

        void Refused(X509Certificate2 certificate, string because, string deployment = "demo", int days = 0)
            => Assert.Contains(because, Assert.IsType<PeerIdentity.Refused>(PeerIdentity.FromCertificate(
                certificate, authority, deployment, time.GetUtcNow().AddDays(days))).Reason, StringComparison.Ordinal);

        Refused(stranger, "not good");
        Refused(selfSigned, "not good");
        Refused(server, "not good: NotValidForUsage");
        Refused(authority, "lacks client or server authentication");
        Refused(beijing, "NotTimeValid", days: 366);
        Refused(beijing, "NotTimeValid", days: -1);
        Refused(beijing, "is no process of deployment 'prod'", deployment: "prod");
        Refused(beijing, "is no process of deployment 'dem'", deployment: "dem");
    }

    [Theory]
    [InlineData("domicile://demo/region/Beijing")]
    [InlineData("domicile://demo/region/beijing/x")]
    [InlineData("domicile://demo/region")]
    [InlineData("domicile://demo/control/")]
    [InlineData("domicile://demo.evil/control")]
    [InlineData("https://demo/control")]
    [InlineData("domicile://demo/control", "domicile://demo/region/beijing")]
    [InlineData]
    public void Names_that_are_not_exactly_one_process_are_refused_even_from_our_authority(params string[] uris)
    {
        var now = new ManualTime().GetUtcNow();
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var authority = CertificateForms.NewAuthority("demo", authorityKey, now.AddDays(-1), TimeSpan.FromDays(100));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        foreach (var uri in uris)
        {
            names.AddUri(new Uri(uri));
        }

        var form = new CertificateForm(
            "x", names.Build(), [new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")]);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = form.Sign(authority, key, now.AddHours(-1), now.AddDays(10));

        Assert.IsType<PeerIdentity.Refused>(PeerIdentity.FromCertificate(certificate, authority, "demo", now));
    }

    [Fact]
    public void Certificates_are_kept_while_good_and_renewed_when_old_or_when_names_change()
    {
        using var scratch = new ScratchDirectory();
        var time = new ManualTime();
        var first = Issue(scratch, "demo", time);
        Assert.Equal(first, Issue(scratch, "demo", time));

        var moved = Issue(scratch, "demo", time, listen: "http://10.0.0.7:9101");
        Assert.NotEqual(first, moved);

        time.Advance(TimeSpan.FromDays(330));
        Assert.Equal(moved, Issue(scratch, "demo", time, listen: "http://10.0.0.7:9101"));
        time.Advance(TimeSpan.FromDays(10));
        Assert.NotEqual(moved, Issue(scratch, "demo", time, listen: "http://10.0.0.7:9101"));
    }

    [Fact]
    public void A_new_authority_replaces_every_certificate_of_the_old_one()
    {
        using var scratch = new ScratchDirectory();
        var time = new ManualTime();
        var first = Issue(scratch, "demo", time);

        Directory.Delete(Path.Combine(scratch.Path, "control/ca"), recursive: true);

        Assert.NotEqual(first, Issue(scratch, "demo", time));
        using var authority = TlsFiles.LoadAuthority(scratch.Path, Control);
        using var beijing = TlsFiles.LoadPeer(scratch.Path, Beijing);
        Assert.IsType<PeerIdentity.Region>(PeerIdentity.FromCertificate(beijing, authority, "demo", time.GetUtcNow()));
    }

    [Fact]
    public void A_crash_between_key_and_certificate_is_made_good_and_a_damaged_authority_is_not_replaced()
    {
        using var scratch = new ScratchDirectory();
        Issue(scratch, "demo", new ManualTime());

        File.Delete(Path.Combine(scratch.Path, "beijing/tls/peer.pem"));
        Issue(scratch, "demo", new ManualTime());
        TlsFiles.LoadPeer(scratch.Path, Beijing).Dispose();

        scratch.Write("control/ca/ca.key", "nothing");
        Assert.Throws<InvalidDataException>(() => Issue(scratch, "demo", new ManualTime()));
    }

    [Fact]
    public void A_signing_key_is_made_once_and_openssl_verifies_what_it_signs()
    {
        using var scratch = new ScratchDirectory();
        using var key = SigningKey.LoadOrCreate(scratch.Path, Beijing);
        var message = scratch.Write("message", "hello");
        var signature = scratch.Write(
            "signature", key.SignData("hello"u8, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        var publicKey = Path.Combine(scratch.Path, "beijing/keys/signing.pub");

        Assert.Contains("Verified OK", OpenSsl("dgst", "-sha256", "-verify", publicKey, "-signature", signature, message), StringComparison.Ordinal);
        var secret = Path.Combine(scratch.Path, "beijing/keys/signing.key");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(secret));
        Assert.Contains("prime256v1", OpenSsl("pkey", "-in", secret, "-noout", "-text"), StringComparison.Ordinal);

        using var again = SigningKey.LoadOrCreate(scratch.Path, Beijing);
        Assert.Equal(key.ExportSubjectPublicKeyInfo(), again.ExportSubjectPublicKeyInfo());

        scratch.Write("beijing/keys/signing.key", "nothing");
        Assert.Throws<InvalidDataException>(() => SigningKey.LoadOrCreate(scratch.Path, Beijing));
    }

    // Goal: a clock that can't be right issues nothing, and overwrites nothing. What an operator wants renewed is.
    [Theory]
    [InlineData(-40)]
    [InlineData(40)]
    public void A_clock_outside_of_the_authoritys_time_issues_nothing(int years)
    {
        using var scratch = new ScratchDirectory();
        var origin = new SetTime.Origin();
        var before = Issue(scratch, "demo", new SetTime(origin));
        var wrong = new SetTime(origin) { Off = TimeSpan.FromDays(365.25 * years) };
        var authority = File.ReadAllText(Path.Combine(scratch.Path, "control/ca/ca.pem"));

        var refused = Assert.Throws<InvalidDataException>(() => Issue(scratch, "demo", wrong));

        Assert.Contains("Set the clock (NTP) and start again", refused.Message, StringComparison.Ordinal);
        Assert.Equal(authority, File.ReadAllText(Path.Combine(scratch.Path, "control/ca/ca.pem")));
        Assert.Equal(before, Issue(scratch, "demo", new SetTime(origin)));

        scratch.Write("control/ca/renew", "");
        Assert.NotEqual(before, Issue(scratch, "demo", wrong));
        Assert.NotEqual(authority, File.ReadAllText(Path.Combine(scratch.Path, "control/ca/ca.pem")));
        Assert.False(File.Exists(Path.Combine(scratch.Path, "control/ca/renew")));
    }

    /// <returns>The peer certificate of beijing.</returns>
    private static string Issue(
        ScratchDirectory scratch, string deployment, TimeProvider time, bool tls = false, string listen = "http://127.0.0.1:9101")
    {
        var text = DefaultDeployment.ConfigText
            .Replace("deployment: demo", $"deployment: {deployment}\ntls: {(tls ? "true" : "false")}", StringComparison.Ordinal)
            .Replace("listen: http://127.0.0.1:9101", $"listen: {listen}\n    hosts: s3.example.com", StringComparison.Ordinal);
        var config = Assert.IsType<ConfigResult.Ok>(DeploymentConfig.Parse(text, "domicile.yaml")).Config;
        using var authority = DeploymentAuthority.Open(scratch.Path, deployment, time);
        authority.IssueAll(config);
        return File.ReadAllText(Path.Combine(scratch.Path, "beijing/tls/peer.pem"));
    }

    private static X509Certificate2 SelfSigned(string uri, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(uri));
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(
            [new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(10));
    }

    private static string OpenSsl(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("openssl", arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }
}
