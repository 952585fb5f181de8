using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Tollgate.Foundation;

namespace Tollgate.Gateway.Answers;

/// <summary>An answer of the gateway's own, as problem+json in the shape of the control API's.</summary>
internal sealed record Problem(int Status, string Code, string Detail)
{
    /// <summary>Why, where one code has several causes.</summary>
    public string? Reason { get; init; }

    public int RetryAfterSeconds { get; init; }

    public IReadOnlyList<FieldError> Errors { get; init; } = [];
}

internal static class ProblemWriter
{
    private static readonly JsonWriterOptions Options = new() { Encoder = Json.Options.Encoder };

    /// <summary>The body, so that its length is known before anything is sent.</summary>
    public static ReadOnlyMemory<byte> Write(HttpContext context, Problem problem)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var writer = new Utf8JsonWriter(buffer, Options);
        writer.WriteStartObject();
        writer.WriteString("type"u8, Problems.TypeOf(problem.Code));
        writer.WriteString("title"u8, ReasonPhrases.GetReasonPhrase(problem.Status));
        writer.WriteNumber("status"u8, problem.Status);
        writer.WriteString("detail"u8, problem.Detail);
        writer.WriteString("instance"u8, context.Request.Path.Value);
        writer.WriteString("code"u8, problem.Code);
        if (problem.Reason is { } reason)
            writer.WriteString("reason"u8, reason);
        writer.WriteString("request_id"u8, context.TraceIdentifier);
        if (problem.Errors.Count > 0)
            WriteErrors(writer, problem.Errors);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>Sends it. Headers that the answer needs besides these are set before.</summary>
    public static Task SendAsync(HttpContext context, Problem problem) => SendAsync(context, problem, Write(context, problem));

    public static async Task SendAsync(HttpContext context, Problem problem, ReadOnlyMemory<byte> body)
    {
        var response = context.Response;
        response.StatusCode = problem.Status;
        response.ContentType = Problems.ContentType;
        response.ContentLength = body.Length;
        OwnHeaders.Set(context);
        if (problem.RetryAfterSeconds > 0)
            response.Headers.RetryAfter = problem.RetryAfterSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (problem.Status == StatusCodes.Status401Unauthorized)
            response.Headers.WWWAuthenticate = "Bearer realm=\"tollgate\"";
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }

    private static void WriteErrors(Utf8JsonWriter writer, IReadOnlyList<FieldError> errors)
    {
        writer.WriteStartArray("errors"u8);
        foreach (var error in errors)
        {
            writer.WriteStartObject();
            writer.WriteString("path"u8, error.Path);
            writer.WriteString("code"u8, error.Code);
            writer.WriteString("message"u8, error.Message);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }
}
