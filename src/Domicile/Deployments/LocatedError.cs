namespace Domicile.Deployments;

/// <summary>What is wrong in a file that a person wrote, and where.</summary>
/// <param name="File">As the person named it.</param>
/// <param name="Line">From 1.</param>
internal sealed record LocatedError(string File, int Line, string Message)
{
    /// <summary>Another message for the same place.</summary>
    public LocatedError With(string message) => this with { Message = message };

    /// <summary>The form that editors and terminals turn into a link: <c>domicile.yaml:7: message</c>.</summary>
    public override string ToString() => $"{File}:{Line}: {Message}";
}
