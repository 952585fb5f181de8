using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.Gateway.Answers;

namespace Tollgate.Gateway.BuiltIn;

/// <summary>The body of <c>POST /api/v1/actions</c>, told apart by <c>action</c>: echo {text}, digest {algorithm, text}, wait {milliseconds}.</summary>
internal sealed record ActionRequest(string? Action, string? Text, string? Algorithm, int? Milliseconds)
{
    public const int LongestWait = 5000;
    public const string Known = "echo, digest, wait";
    public const string Algorithms = "sha256, sha384, sha512";

    private static readonly Problem NoJson = new(400, "MALFORMED_JSON", "The body is not the JSON object that is expected here.");

    public static (ActionRequest? Request, Problem? Problem) Read(ReadOnlySpan<byte> body)
    {
        ActionRequest? request;
        try
        {
            request = JsonSerializer.Deserialize<ActionRequest>(body, Json.Options);
        }
        catch (JsonException exception)
        {
            return (null, NoJson with { Errors = exception.Path is { Length: > 2 } path ? [new FieldError(path[2..], "MALFORMED", "This field has the wrong type.")] : [] });
        }
        if (request is null)
            return (null, NoJson);
        var errors = new Errors();
        if (request.Action is { Length: > 0 } action && action is not ("echo" or "digest" or "wait"))
            return (null, new Problem(422, "ACTION_UNKNOWN", $"There is no action '{Short(action)}'. Known actions: {Known}.")
            {
                Errors = [new FieldError("action", "UNKNOWN", $"Use one of {Known}.")],
            });
        request.Validate(errors);
        return errors.Any ? (null, new Problem(422, "VALIDATION_FAILED", errors.ToFailure().Message) { Errors = errors.Items }) : (request, null);
    }

    private void Validate(Errors errors)
    {
        errors.Check(Action is { Length: > 0 }, "action", "REQUIRED", $"Use one of {Known}.");
        if (Action is "echo" or "digest")
            errors.Check(Text is not null, "text", "REQUIRED", "This field is required.");
        if (Action is "digest")
            errors.Check(Algorithm is "sha256" or "sha384" or "sha512", "algorithm", Algorithm is null ? "REQUIRED" : "UNKNOWN", $"Use one of {Algorithms}.");
        if (Action is "wait")
            errors.Check(Milliseconds is >= 0 and <= LongestWait, "milliseconds", Milliseconds is null ? "REQUIRED" : "OUT_OF_RANGE", $"A number from 0 to {LongestWait}.");
    }

    private static string Short(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
