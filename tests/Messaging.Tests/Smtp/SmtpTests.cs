using Tollgate.TestKit;

namespace Tollgate.Messaging.Tests.Smtp;

public sealed class SmtpTests
{
    private const string From = "Tollgate <mail@tollgate.example>";

    [Fact]
    public async Task Mail_ByStartTlsWithAPassword_ArrivesAsItWasWritten()
    {
        using var folder = new Folder();
        await using var server = new FakeSmtpServer(folder.Certificate.ForServer(), account: "us@er:p:ä ss");
        await using var office = await PostOffice.OpenAsync(("Mail:Smtp:Url", $"smtp://us%40er:p%3A%C3%A4%20ss@127.0.0.1:{server.Port}"), ("Mail:From", From), ("Mail:Smtp:CertificateAuthority", folder.Authority));
        await office.SendAsync(PostOffice.SignIn(name: "Ada Łoveläce, the first of many with a name that needs more than one line"));

        var mail = server.Received.ShouldHaveSingleItem();
        (mail.From, mail.To, mail.Encrypted, mail.SignedInAs).ShouldBe(("mail@tollgate.example", "ada@example.com", true, "us@er"));
        mail.Headers["To"].ShouldBe("Ada Łoveläce, the first of many with a name that needs more than one line <ada@example.com>");
        mail.Headers["Subject"].ShouldBe("Sign in");
        mail.Text.ShouldContain("1234 5678");
        mail.Text.ShouldContain("https://portal.example.com/sign-in/link#secret-of-the-link\r\n");
        mail.Html.ShouldContain("href=\"https://portal.example.com/sign-in/link#secret-of-the-link\"");
        server.Faults.ShouldBeEmpty();
        (await office.StateAsync()).ShouldBe("sent 1 erased");
    }

    [Fact]
    public async Task Mail_ByTlsFromTheFirstByte_Arrives()
    {
        using var folder = new Folder();
        await using var server = new FakeSmtpServer(folder.Certificate.ForServer(), implicitTls: true);
        await using var office = await PostOffice.OpenAsync(("Mail:Smtp:Url", $"smtps://127.0.0.1:{server.Port}"), ("Mail:From", From), ("Mail:Smtp:CertificateAuthority", folder.Authority));
        await office.SendAsync(PostOffice.SignIn());
        server.Received.ShouldHaveSingleItem().Encrypted.ShouldBeTrue();
        server.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Password_ServerWithoutEncryption_IsNotSent()
    {
        await using var server = new FakeSmtpServer(account: "user:secret");
        await using var office = await PostOffice.OpenAsync(("Mail:Smtp:Url", $"smtp://user:secret@127.0.0.1:{server.Port}"), ("Mail:From", From));
        await office.SendAsync(PostOffice.SignIn());
        server.Received.ShouldBeEmpty();
        server.Faults.ShouldBeEmpty();
        (await office.StateAsync()).ShouldBe("waiting 1 kept The mail server offers no encryption (STARTTLS); nothing was sent.");
    }

    [Fact]
    public async Task Certificate_OfNobodyThatIsTrusted_SendsNothing()
    {
        using var folder = new Folder();
        await using var server = new FakeSmtpServer(TestCertificate.Create().ForServer());
        await using var office = await PostOffice.OpenAsync(("Mail:Smtp:Url", $"smtp://127.0.0.1:{server.Port}"), ("Mail:From", From), ("Mail:Smtp:CertificateAuthority", folder.Authority));
        await office.SendAsync(PostOffice.SignIn());
        server.Received.ShouldBeEmpty();
        (await office.StateAsync()).ShouldStartWith("waiting 1 kept");
    }

    [Fact]
    public async Task Recipient_RefusedForNow_IsTriedAgainLater()
    {
        await using var server = new FakeSmtpServer();
        server.RecipientReplies.Enqueue("451 4.7.1 <ada@example.com> come back later");
        await using var office = await PostOffice.OpenAsync(("Mail:Smtp:Url", $"smtp://127.0.0.1:{server.Port}"), ("Mail:From", From));
        await office.SendAsync(PostOffice.SignIn());
        (await office.StateAsync()).ShouldBe("waiting 1 kept The mail server answered 451 4.7.1");
        await office.DeliverAsync();
        server.Received.ShouldBeEmpty();
        office.Clock.Advance(TimeSpan.FromSeconds(5));
        await office.DeliverAsync();
        server.Received.ShouldHaveSingleItem();
        (await office.StateAsync()).ShouldBe("sent 2 erased");
    }

    [Fact]
    public async Task Recipient_RefusedForGood_IsGivenUpErasedAndCounted()
    {
        await using var server = new FakeSmtpServer();
        server.RecipientReplies.Enqueue("550 ada@example.com is nobody here");
        await using var office = await PostOffice.OpenAsync(("Mail:Smtp:Url", $"smtp://127.0.0.1:{server.Port}"), ("Mail:From", From));
        await office.SendAsync(PostOffice.SignIn());
        (await office.StateAsync()).ShouldBe("failed 1 erased The mail server answered 550");
        (await office.MetricAsync("failed")).ShouldBe(1);
    }

    [Fact]
    public async Task Address_ThatWouldBeACommand_IsNeverSpoken()
    {
        await using var server = new FakeSmtpServer();
        await using var office = await PostOffice.OpenAsync(("Mail:Smtp:Url", $"smtp://127.0.0.1:{server.Port}"), ("Mail:From", From));
        await office.SendAsync(PostOffice.SignIn("a@b.example>\r\nRCPT TO:<eve@example.com"));
        server.Received.ShouldBeEmpty();
        server.Faults.ShouldBeEmpty();
        (await office.StateAsync()).ShouldStartWith("failed 1 erased");
    }

    private sealed class Folder : IDisposable
    {
        private readonly string _path = Directory.CreateTempSubdirectory("tollgate-smtp-").FullName;

        public Folder() => Certificate.WriteTo(_path);

        public TestCertificate Certificate { get; } = TestCertificate.Create();

        public string Authority => Path.Combine(_path, "cert.pem");

        public void Dispose() => Directory.Delete(_path, recursive: true);
    }
}
