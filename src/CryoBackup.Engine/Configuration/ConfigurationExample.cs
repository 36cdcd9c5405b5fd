using System.Text;
using CryoBackup.Streams;

namespace CryoBackup.Configuration;

/// <summary>An annotated file to begin with, made from the model, so that it never lacks a key.</summary>
public static class ConfigurationExample
{
    private const string Head = """
        # The configuration of CryoBackup. A line that begins with # and a letter is a key that is not in use: remove the # to use it.
        #
        # It is looked for at -Config (--config), in CRYOBACKUP_CONFIG, as config/backup_config.yaml and as config/cryobackup.yaml.
        # A relative path is relative to this file's folder; where that is named config, to the one above.
        # ${NAME} is filled in from the environment, ${NAME:-default} also where NAME is not set, ${file:PATH} from a mounted secret.
        # Test it with: Test-CryoBackupConfiguration FILE, or cryobackup config test FILE
        # yaml-language-server: $schema=cryobackup.schema.json

        """;

    /// <summary>Makes it.</summary>
    /// <returns>YAML that can be read as it stands.</returns>
    public static string Create()
    {
        var text = new StringBuilder(Head.ReplaceLineEndings("\n"));
        WriteSection(text, typeof(BackupConfiguration), "");
        return text.ToString();
    }

    /// <summary>Writes it into a new file, which is for its owner alone: passwords may come to stand in it.</summary>
    /// <param name="path">A full path: the file, or an existing folder that takes cryobackup.yaml. Folders on the way are made.</param>
    /// <returns>The file's full path.</returns>
    /// <exception cref="CryoBackupException">DestinationNotWritable: something is there already, or it cannot be written.</exception>
    public static string Write(string path)
    {
        string file = Directory.Exists(path) ? Path.Combine(path, "cryobackup.yaml") : path;
        const string Remedy = "Give the name of a new file in a folder that this account may write to; what is there is never replaced.";
        if (Path.Exists(file))
        {
            throw new CryoBackupException(
                CryoBackupError.DestinationNotWritable,
                $"'{file}' is there already; nothing was written.",
                file,
                Remedy
            );
        }

        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            using FileStream stream = RegularFile.Create(file);
            stream.Write(Encoding.UTF8.GetBytes(Create()));
            return file;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CryoBackupException(
                CryoBackupError.DestinationNotWritable,
                $"'{file}' cannot be written: {exception.Message}",
                file,
                Remedy,
                inner: exception
            );
        }
    }

    private static void WriteSection(StringBuilder text, Type section, string indent)
    {
        foreach (ConfigurationKey key in ConfigurationKey.Of(section).Where(key => !IsForeign(key)))
        {
            if (indent.Length == 0 || key.Kind == KeyKind.Section)
            {
                text.Append('\n');
            }

            string mark = IsInUse(key) ? "" : "#";
            text.Append(indent).Append("# ").Append(key.Setting.Description).Append('\n');
            switch (key.Kind)
            {
                case KeyKind.Section:
                    text.Append(indent).Append(mark).Append(key.Name).Append(":\n");
                    WriteSection(text, key.ValueType, indent + "  ");
                    break;
                case KeyKind.Databases:
                    WriteDatabases(text, indent, mark + key.Name);
                    break;
                default:
                    text.Append(indent).Append(mark).Append(key.Name).Append(": ").Append(key.Setting.Example).Append('\n');
                    break;
            }
        }
    }

    private static void WriteDatabases(StringBuilder text, string indent, string name)
    {
        text.Append(indent).Append(name).Append(":\n");
        text.Append(indent).Append("  #- app\n");
        bool first = true;
        foreach (ConfigurationKey key in ConfigurationKey.Of(typeof(DatabaseEntry)).Where(key => key.Kind != KeyKind.Section))
        {
            text.Append(indent).Append("    # ").Append(key.Setting.Description).Append('\n');
            text.Append(indent).Append(first ? "  #- " : "    #").Append(key.Name).Append(": ").Append(key.Setting.Example).Append('\n');
            first = false;
        }

        string sections = string.Join(
            ", ",
            ConfigurationKey.Of(typeof(DatabaseEntry)).Where(key => key.Kind == KeyKind.Section).Select(key => key.Name)
        );
        text.Append(indent).Append("    # It may also have a section of its own in place of the file's: ").Append(sections).Append(".\n");
        text.Append(indent).Append("# Or: databases: all, or, for some of the server's:\n");
        string patterns = string.Join(
            ", ",
            ConfigurationKey.Of(typeof(DatabaseSelection)).Select(key => $"{key.Name}: {key.Setting.Example}")
        );
        text.Append(indent).Append("# databases: { ").Append(patterns).Append(" }\n");
    }

    private static bool IsForeign(ConfigurationKey key) =>
        key.Setting.Instead is not null
        || (key.Kind == KeyKind.Section && ConfigurationKey.Of(key.ValueType).All(inner => inner.Setting.Instead is not null));

    /// <summary>A section is in use if a key of it is.</summary>
    private static bool IsInUse(ConfigurationKey key) =>
        key.Kind == KeyKind.Section
            ? ConfigurationKey.Of(key.ValueType).Any(IsInUse)
            : key.Setting.IsCommon || key.Setting.IsRequired || key.Name == "enabled";
}
