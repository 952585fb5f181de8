namespace Tollgate.Gateway;

/// <summary>
/// The API that comes with the program (<c>/api/v1/hello</c>, <c>/api/v1/actions</c>). It has no upstream and no row among the APIs; the operator's
/// organization sells its plans, as of any other product of kind <c>api</c>.
/// </summary>
public static class BuiltInApi
{
    public static Guid Id { get; } = new("00000000-0000-7000-8000-000000000001");

    public const string Name = "Tollgate";
}
