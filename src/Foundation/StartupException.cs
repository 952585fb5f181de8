namespace Tollgate.Foundation;

/// <summary>The program cannot start, and a person can do something about it: the message says what.</summary>
public class StartupException : Exception
{
    public StartupException()
    {
    }

    public StartupException(string message)
        : base(message)
    {
    }

    public StartupException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
