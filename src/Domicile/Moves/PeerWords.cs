namespace Domicile.Moves;

/// <summary>Answers of a region as they may be shown and kept: see <see cref="PeerText"/>.</summary>
internal static class PeerWords
{
    public static DoctorFinding Cleaned(this DoctorFinding finding)
        => new(
            PeerText.Clean(finding.Place), PeerText.Clean(finding.Status), PeerText.Clean(finding.Finding),
            PeerText.Clean(finding.Advice));

    public static DeepVerification Cleaned(this DeepVerification found)
        => found with { Troubles = [.. found.Troubles.Select(PeerText.Clean)] };

    public static AccessKeyView Cleaned(this AccessKeyView key)
        => key with { AccessKey = PeerText.Clean(key.AccessKey), Label = PeerText.Clean(key.Label) };
}
