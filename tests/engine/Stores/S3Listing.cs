using System.Globalization;
using System.Xml.Linq;

namespace CryoBackup.Tests.Stores;

/// <summary>The lists that a bucket answers with.</summary>
internal static class S3Listing
{
    public static S3Answer OfObjects(IReadOnlyDictionary<string, S3Content> objects, string prefix, string after, string? delimiter)
    {
        KeyValuePair<string, S3Content>[] found =
        [
            .. objects
                .Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal))
                .Where(pair => delimiter is null || !pair.Key[prefix.Length..].Contains(delimiter, StringComparison.Ordinal))
                .Where(pair => string.CompareOrdinal(pair.Key, after) > 0)
                .OrderBy(pair => pair.Key, StringComparer.Ordinal),
        ];
        KeyValuePair<string, S3Content>[] page = found[..Math.Min(found.Length, 1000)];
        return S3Answer.Xml(
            "ListBucketResult",
            [
                new XElement("IsTruncated", page.Length < found.Length),
                .. page.Length < found.Length ? new[] { new XElement("NextContinuationToken", page[^1].Key) } : [],
                .. page.Select(pair => new XElement(
                    "Contents",
                    new XElement("Key", pair.Key),
                    new XElement(
                        "LastModified",
                        pair.Value.Modified.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)
                    ),
                    new XElement("ETag", pair.Value.Tag),
                    new XElement("Size", pair.Value.Bytes.Length)
                )),
            ]
        );
    }

    public static S3Answer OfUploads(IReadOnlyDictionary<string, S3Unfinished> uploads, string prefix) =>
        S3Answer.Xml(
            "ListMultipartUploadsResult",
            [
                new XElement("IsTruncated", false),
                .. uploads
                    .Where(pair => pair.Value.Key.StartsWith(prefix, StringComparison.Ordinal))
                    .Select(pair => new XElement(
                        "Upload",
                        new XElement("Key", pair.Value.Key),
                        new XElement("UploadId", pair.Key),
                        new XElement("Initiated", pair.Value.Begun.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture))
                    )),
            ]
        );
}
