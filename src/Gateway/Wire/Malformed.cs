namespace Tollgate.Gateway.Wire;

/// <summary>What a reader throws where the other side does not keep to HTTP/1.1: whoever reads says whose fault it is.</summary>
/// <param name="what">Such as "a chunk without an end".</param>
internal delegate Exception Malformed(string what);
