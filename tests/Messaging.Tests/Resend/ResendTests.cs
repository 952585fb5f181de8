using Tollgate.TestKit;

namespace Tollgate.Messaging.Tests.Resend;

public sealed class ResendTests
{
    [Fact]
    public async Task Mail_IsSentWithKeyAndFields()
    {
        await using var resend = await FakeResend.StartAsync();
        await using var office = await OpenAsync(resend);
        await office.SendAsync(PostOffice.SignIn());
        var mail = resend.Sent.ShouldHaveSingleItem();
        mail.GetProperty("to")[0].GetString().ShouldBe("ada@example.com");
        mail.GetProperty("from").GetString().ShouldBe("\"Tollgate\" <mail@tollgate.example>");
        mail.GetProperty("text").GetString()!.ShouldContain("1234 5678");
        (await office.StateAsync()).ShouldBe("sent 1 erased");
    }

    [Fact]
    public async Task Mail_SentButTheAnswerWasLost_IsNotSentTwice()
    {
        await using var resend = await FakeResend.StartAsync();
        resend.Answers.Enqueue((502, true));
        await using var office = await OpenAsync(resend);
        await office.SendAsync(PostOffice.SignIn());
        (await office.StateAsync()).ShouldBe("waiting 1 kept Resend answered 502");
        office.Clock.Advance(TimeSpan.FromSeconds(5));
        await office.DeliverAsync();
        resend.Sent.ShouldHaveSingleItem();
        (await office.StateAsync()).ShouldBe("sent 2 erased");
    }

    [Theory]
    [InlineData(422, "failed 1 erased Resend answered 422")]
    [InlineData(429, "waiting 1 kept Resend answered 429")]
    [InlineData(401, "waiting 1 kept Resend answered 401")]
    public async Task Answer_TellsWhetherToTryAgain(int status, string state)
    {
        await using var resend = await FakeResend.StartAsync();
        resend.Answers.Enqueue((status, false));
        await using var office = await OpenAsync(resend);
        await office.SendAsync(PostOffice.SignIn());
        (await office.StateAsync()).ShouldBe(state);
    }

    private static Task<PostOffice> OpenAsync(FakeResend resend) =>
        PostOffice.OpenAsync(("Mail:Resend:Key", FakeResend.Key), ("Mail:Resend:Url", resend.Address.ToString()), ("Mail:From", "Tollgate <mail@tollgate.example>"));
}
