using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Tollgate.Messaging.Mail;

namespace Tollgate.Messaging.Resend;

/// <summary>Hands letters to Resend over HTTP. The mail's id is the idempotency key: a repeated attempt sends it once.</summary>
internal sealed class ResendSender : IMailSender, IDisposable
{
    private const int LongestAnswer = 64 * 1024;

    private readonly HttpClient _http;
    private readonly string _from;

    public ResendSender(MailOptions options)
    {
        _http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(10), AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            BaseAddress = options.ResendUrl,
            Timeout = TimeSpan.FromSeconds(30),
            MaxResponseContentBufferSize = LongestAnswer,
        };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", options.ResendKey);
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("tollgate");
        _from = options.From!.ToString();
    }

    public async Task SendAsync(Guid id, Letter letter, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/emails")
        {
            Content = JsonContent.Create(new { from = _from, to = new[] { letter.To }, subject = letter.Subject, text = letter.Text, html = letter.Html }),
        };
        request.Headers.Add("Idempotency-Key", id.ToString());
        using var response = await _http.SendAsync(request, cancellation).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
            return;
        var said = $"Resend answered {((int)response.StatusCode).ToString(CultureInfo.InvariantCulture)}";
        // What is wrong with the mail itself will stay wrong; a wrong key is the operator's to mend, and all else passes.
        if (response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity or HttpStatusCode.RequestEntityTooLarge)
            throw new MailRefusedException(said);
        throw new HttpRequestException(said, null, response.StatusCode);
    }

    public void Dispose() => _http.Dispose();
}
