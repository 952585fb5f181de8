using Microsoft.AspNetCore.Http;

namespace Tollgate.Foundation;

/// <summary>What kind of refusal an operation ended in; the one place that maps a kind to a status is <see cref="Failure.Status"/>.</summary>
public enum FailureKind
{
    Malformed,
    Invalid,
    Unauthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    UnsupportedMediaType,
    Conflict,
    TimedOut,
    PreconditionFailed,
    PreconditionRequired,
    TooLarge,
    LimitReached,
    Unavailable,
}

/// <summary>One wrong field of a request. <paramref name="Path"/> is the field's path in the body (<c>price.amount</c>), or the parameter's name.</summary>
public sealed record FieldError(string Path, string Code, string Message);

/// <summary>
/// An expected refusal. <paramref name="Code"/> is stable, UPPER_SNAKE and part of the API; <paramref name="Message"/> is a sentence for the
/// person who reads it and never holds a secret or another tenant's data. Bugs and broken infrastructure are exceptions, not failures.
/// </summary>
public sealed record Failure(FailureKind Kind, string Code, string Message, IReadOnlyList<FieldError>? Errors = null)
{
    /// <summary>Seconds to wait, where waiting helps; sent as Retry-After.</summary>
    public int? RetryAfterSeconds { get; init; }

    public static Failure NotFound(string what) => new(FailureKind.NotFound, "NOT_FOUND", $"There is no such {what}, or you may not see it.");

    public static Failure Forbidden(string message) => new(FailureKind.Forbidden, "FORBIDDEN", message);

    public static Failure Conflict(string code, string message) => new(FailureKind.Conflict, code, message);

    public static Failure Invalid(string path, string code, string message) =>
        new(FailureKind.Invalid, "VALIDATION_FAILED", "The request has a field that cannot be accepted.", [new FieldError(path, code, message)]);

    public int Status => Kind switch
    {
        FailureKind.Malformed => StatusCodes.Status400BadRequest,
        FailureKind.Invalid => StatusCodes.Status422UnprocessableEntity,
        FailureKind.Unauthenticated => StatusCodes.Status401Unauthorized,
        FailureKind.Forbidden => StatusCodes.Status403Forbidden,
        FailureKind.NotFound => StatusCodes.Status404NotFound,
        FailureKind.MethodNotAllowed => StatusCodes.Status405MethodNotAllowed,
        FailureKind.UnsupportedMediaType => StatusCodes.Status415UnsupportedMediaType,
        FailureKind.Conflict => StatusCodes.Status409Conflict,
        FailureKind.TimedOut => StatusCodes.Status408RequestTimeout,
        FailureKind.PreconditionFailed => StatusCodes.Status412PreconditionFailed,
        FailureKind.PreconditionRequired => StatusCodes.Status428PreconditionRequired,
        FailureKind.TooLarge => StatusCodes.Status413PayloadTooLarge,
        FailureKind.LimitReached => StatusCodes.Status429TooManyRequests,
        FailureKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };
}

/// <summary>Lets a transaction see, whatever the value's type, that it must not commit.</summary>
internal interface IOutcome
{
    bool Succeeded { get; }
}

/// <summary>A value or the reason why there is none.</summary>
public readonly record struct Outcome<T> : IOutcome
{
    private readonly T? _value;

    private Outcome(T? value, Failure? failure)
    {
        _value = value;
        Failure = failure;
    }

    public Failure? Failure { get; }

    public bool Succeeded => Failure is null;

    public T Value => Failure is null ? _value! : throw new InvalidOperationException($"There is no value: {Failure.Code}");

    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(Failure failure) => new(default, failure);

    /// <summary>The answer over HTTP: <paramref name="success"/> of the value, or the failure as problem+json.</summary>
    public IResult ToResult(Func<T, IResult> success)
    {
        ArgumentNullException.ThrowIfNull(success);
        return Failure is null ? success(_value!) : Problems.Result(Failure);
    }
}
