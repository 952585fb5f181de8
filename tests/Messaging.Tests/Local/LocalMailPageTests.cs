using System.Net.Http.Json;
using System.Text.Json;
using Tollgate.Foundation;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Messaging.Mail;

namespace Tollgate.Messaging.Tests.Local;

public sealed class LocalMailPageTests
{
    private static readonly (string, string?)[] Development = [("Control:Url", "http://localhost:8080"), ("Mail:ShowLocally", "true")];

    [Fact]
    public async Task Page_InDevelopment_ShowsTheMailsOfAnAddress()
    {
        await using var office = await PostOffice.OpenAsync(Development);
        await office.SendAsync(PostOffice.SignIn());
        await office.SendAsync(PostOffice.SignIn("other@example.com"));
        var mails = await office.Server.Client.GetFromJsonAsync<JsonElement>("/_api/mails?to=ada@example.com");
        mails.GetProperty("data").EnumerateArray().ShouldHaveSingleItem().GetProperty("text").GetString()!.ShouldContain("1234 5678");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/_api/mails") { Headers = { { "Accept", "text/html" } } };
        using var page = await office.Server.Client.SendAsync(request);
        (await page.Content.ReadAsStringAsync()).ShouldContain("<a href=\"https://portal.example.com/sign-in/link#secret-of-the-link\">");
    }

    [Theory]
    [InlineData("Host", "attacker.example")]
    [InlineData("X-Forwarded-For", "203.0.113.7")]
    [InlineData("Forwarded", "for=203.0.113.7")]
    public async Task Page_AskedFromElsewhere_IsNotThere(string header, string value)
    {
        await using var office = await PostOffice.OpenAsync(Development);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/_api/mails");
        request.Headers.TryAddWithoutValidation(header, value);
        using var response = await office.Server.Client.SendAsync(request);
        ((int)response.StatusCode).ShouldBe(404);
    }

    [Theory]
    [InlineData("Mail:ShowLocally", "false")]
    [InlineData("Control:Url", "http://0.0.0.0:8080")]
    [InlineData("Control:Url", "http://localhost:8080;http://192.0.2.1:80")]
    [InlineData("environment", "Production")]
    [InlineData("Mail:Smtp:Url", "smtp://127.0.0.1:25")]
    public async Task Page_NotPlainlyDevelopment_IsNotThere(string name, string value)
    {
        var settings = Development.ToDictionary(setting => setting.Item1, setting => setting.Item2, StringComparer.Ordinal);
        settings["Mail:From"] = "a@b.example";
        settings[name] = value;
        await using var office = await PostOffice.OpenAsync([.. settings.Select(setting => (setting.Key, setting.Value))]);
        using var response = await office.Server.Client.GetAsync("/_api/mails");
        ((int)response.StatusCode).ShouldBe(404);
    }

    [Theory]
    [InlineData("Mail:Smtp:Url", "smtp://127.0.0.1:25", "Mail__From is missing")]
    [InlineData("Mail:Smtp:Url", "http://u:secret@x", "Mail__Smtp__Url is no address")]
    [InlineData("Mail:Resend:Url", "http://resend.example.com", "Mail__Resend__Url is no address that begins with https://.")]
    [InlineData("Mail:From", "nobody", "Mail__From: 'nobody' is no address")]
    [InlineData("Portal:PublicUrl", "portal", "Portal__PublicUrl is no address")]
    public void Settings_ThatCannotBe_StopTheStartWithAReason(string name, string value, string reason)
    {
        var configuration = new Microsoft.Extensions.Configuration.ConfigurationManager { [name] = value };
        var message = Should.Throw<StartupException>(() => new MailOptions(configuration)).Message;
        message.ShouldContain(reason);
        message.ShouldNotContain("secret");
    }
}
