namespace Tollgate.Foundation;

/// <summary>
/// A request body or parameter set that checks itself. Every type bound from a request body must implement it; an endpoint whose
/// <c>…Request</c> parameter does not stops the program at start (the framework's attribute validation skips internal and positional types in silence).
/// </summary>
public interface IRequest
{
    /// <summary>Adds every wrong field to <paramref name="errors"/>; does not stop at the first.</summary>
    void Validate(Errors errors);
}

/// <summary>Collects all field errors of one request, so that the caller sees them at once.</summary>
public sealed class Errors
{
    private readonly List<FieldError> _items = [];

    public bool Any => _items.Count > 0;

    public IReadOnlyList<FieldError> Items => _items;

    public void Add(string path, string code, string message) => _items.Add(new FieldError(path, code, message));

    /// <summary>
    /// Adds REQUIRED, TOO_SHORT or TOO_LONG unless the trimmed length is within [<paramref name="min"/>, <paramref name="max"/>] characters, and
    /// CONTROL_CHARACTER for a NUL, which PostgreSQL can hold in no text.
    /// </summary>
    public void Text(string path, string? value, int min, int max)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            if (min > 0)
                Add(path, "REQUIRED", "This field is required.");
        }
        else if (value.Trim().Length < min)
            Add(path, "TOO_SHORT", $"At least {min} characters are needed.");
        else if (value.Length > max)
            Add(path, "TOO_LONG", $"At most {max} characters are allowed.");
        Check(value?.Contains('\0', StringComparison.Ordinal) != true, path, "CONTROL_CHARACTER", "The character NUL is not allowed here.");
    }

    public void Check(bool valid, string path, string code, string message)
    {
        if (!valid)
            Add(path, code, message);
    }

    public Failure ToFailure() => new(FailureKind.Invalid, "VALIDATION_FAILED",
        _items.Count == 1 ? "One field of the request cannot be accepted." : $"{_items.Count} fields of the request cannot be accepted.", _items);
}
