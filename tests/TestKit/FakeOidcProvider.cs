using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Tollgate.TestKit;

/// <summary>
/// A small OpenID Connect provider: discovery, keys, authorization with PKCE, and a token endpoint that checks client, code, verifier and redirect, and takes a
/// code once. Whoever is asked is <see cref="Person"/>, who always agrees.
/// </summary>
public sealed class FakeOidcProvider : IAsyncDisposable
{
    public const string ClientId = "tollgate client";
    public const string ClientSecret = "s3cret:with/odd=signs";

    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, IQueryCollection> _codes = new(StringComparer.Ordinal);
    private RSA _key = RSA.Create(2048);
    private int _keyNumber = 1;
    private int _discoveryReads;

    private FakeOidcProvider(WebApplication app) => _app = app;

    public string Issuer => _app.Urls.First();

    public Dictionary<string, object?> Person { get; } = new(StringComparer.Ordinal);

    /// <summary>Changes the claims of the next tokens, after all that is right.</summary>
    public Action<Dictionary<string, object?>> Spoil { get; set; } = static _ => { };

    /// <summary>Signs with a key that is not published.</summary>
    public bool Forges { get; set; }

    /// <summary>How often the keys were asked for.</summary>
    public int KeyReads { get; private set; }

    /// <summary>How often it was asked what it publishes about itself.</summary>
    public int DiscoveryReads => Volatile.Read(ref _discoveryReads);

    /// <summary>Answers nobody what it publishes.</summary>
    public bool IsDown { get; set; }

    public static async Task<FakeOidcProvider> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var fake = new FakeOidcProvider(app);
        app.Run(fake.AnswerAsync);
        await app.StartAsync().ConfigureAwait(false);
        return fake;
    }

    public void Is(string subject, string? email, bool verified = true, string? name = "Grace Hopper")
    {
        Person.Clear();
        (Person["sub"], Person["email"], Person["email_verified"], Person["name"]) = (subject, email, verified, name);
    }

    /// <summary>From now on another key signs; the old one is not published any more.</summary>
    public void RotateKeys() => (_key, _keyNumber) = (RSA.Create(2048), _keyNumber + 1);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync().ConfigureAwait(false);
        _key.Dispose();
    }

    private Task AnswerAsync(HttpContext context) => (context.Request.Method, context.Request.Path.Value) switch
    {
        ("GET", "/.well-known/openid-configuration") => DiscoveryAsync(context),
        ("GET", "/keys") => KeysAsync(context),
        ("GET", "/authorize") => AuthorizeAsync(context),
        ("POST", "/token") => TokenAsync(context),
        _ => NotFoundAsync(context),
    };

    private Task DiscoveryAsync(HttpContext context)
    {
        Interlocked.Increment(ref _discoveryReads);
        return IsDown ? NotFoundAsync(context) : context.Response.WriteAsJsonAsync(new
        {
            issuer = Issuer,
            authorization_endpoint = $"{Issuer}/authorize",
            token_endpoint = $"{Issuer}/token",
            jwks_uri = $"{Issuer}/keys",
        });
    }

    private Task KeysAsync(HttpContext context)
    {
        KeyReads++;
        var public_ = _key.ExportParameters(includePrivateParameters: false);
        return context.Response.WriteAsJsonAsync(new
        {
            keys = new[] { new { kty = "RSA", use = "sig", alg = "RS256", kid = $"key-{_keyNumber}", n = Base64Url.EncodeToString(public_.Modulus), e = Base64Url.EncodeToString(public_.Exponent) } },
        });
    }

    private Task AuthorizeAsync(HttpContext context)
    {
        var query = context.Request.Query;
        string One(string name) => query[name] is [{ Length: > 0 } value] ? value : throw new BadHttpRequestException($"{name} is missing");
        if (One("response_type") != "code" || One("client_id") != ClientId || One("code_challenge_method") != "S256" || One("code_challenge").Length != 43 || One("nonce").Length < 22 || One("state").Length < 22
            || !One("scope").Split(' ').Contains("openid"))
            throw new BadHttpRequestException("not an authorization request");
        var code = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24));
        _codes[code] = query;
        context.Response.Redirect($"{One("redirect_uri")}?code={code}&state={Uri.EscapeDataString(One("state"))}&iss={Uri.EscapeDataString(Issuer)}");
        return Task.CompletedTask;
    }

    private async Task TokenAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync().ConfigureAwait(false);
        var basic = Convert.ToBase64String(Encoding.ASCII.GetBytes($"{Uri.EscapeDataString(ClientId)}:{Uri.EscapeDataString(ClientSecret)}"));
        if (context.Request.Headers.Authorization != $"Basic {basic}" || form["grant_type"] != "authorization_code" || !_codes.TryRemove(form["code"].ToString(), out var asked)
            || asked["redirect_uri"] != form["redirect_uri"] || asked["code_challenge"] != Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString()))))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsJsonAsync(new { error = "invalid_grant" }).ConfigureAwait(false);
            return;
        }
        await context.Response.WriteAsJsonAsync(new { access_token = "unused", token_type = "Bearer", id_token = IdToken(asked["nonce"].ToString()) }).ConfigureAwait(false);
    }

    private string IdToken(string nonce)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var claims = new Dictionary<string, object?>(Person, StringComparer.Ordinal) { ["iss"] = Issuer, ["aud"] = ClientId, ["iat"] = now, ["exp"] = now + 3600, ["nonce"] = nonce };
        Spoil(claims);
        var header = JsonSerializer.SerializeToUtf8Bytes(new { alg = "RS256", kid = $"key-{_keyNumber}", typ = "JWT" });
        var input = $"{Base64Url.EncodeToString(header)}.{Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(claims))}";
        using var other = Forges ? RSA.Create(2048) : null;
        return $"{input}.{Base64Url.EncodeToString((other ?? _key).SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private static Task NotFoundAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
