# PlatyPS makes the help; what it leaves undone is finished here, so that Get-Help shows code as code and every default.
function Complete-Maml([xml] $Maml, $Help) {
    $names = [System.Xml.XmlNamespaceManager]::new($Maml.NameTable)
    $names.AddNamespace('maml', 'http://schemas.microsoft.com/maml/2004/10')
    $names.AddNamespace('command', 'http://schemas.microsoft.com/maml/dev/command/2004/10')
    $names.AddNamespace('dev', 'http://schemas.microsoft.com/maml/dev/2004/10')
    function Add-Element($Parent, [string] $Name, [string] $Text) {
        $element = $Maml.CreateElement($Name, $names.LookupNamespace($Name.Split(':')[0]))
        $element.InnerText = $Text
        $null = $Parent.AppendChild($element)
    }

    foreach ($example in $Maml.SelectNodes('//command:example', $names)) {
        $remarks = $example.SelectSingleNode('dev:remarks', $names)
        foreach ($paragraph in $example.SelectNodes('maml:introduction/maml:para', $names)) {
            if ($paragraph.InnerText -match '(?s)^```powershell\r?\n(?<code>.*)\n```$') {
                $example.SelectSingleNode('dev:code', $names).InnerText = $Matches.code
            }
            elseif ($paragraph.InnerText -ne [string] [char] 0x80) {
                Add-Element $remarks 'maml:para' $paragraph.InnerText
            }
        }

        # A blank line before the next example.
        Add-Element $remarks 'maml:para' ''
        $null = $example.RemoveChild($example.SelectSingleNode('maml:introduction', $names))
    }

    foreach ($paragraph in @($Maml.SelectNodes('//maml:para', $names))) {
        foreach ($text in $paragraph.InnerText -split '(?:\r?\n){2,}') {
            # A line that begins no item of a list goes on from the one before; code marks mean nothing at the prompt.
            Add-Element $paragraph.ParentNode 'maml:para' ($text -replace '\r?\n *(?![ -])', ' ').Replace('`', '')
        }

        $null = $paragraph.ParentNode.RemoveChild($paragraph)
    }

    foreach ($command in $Maml.SelectNodes('//command:command', $names)) {
        $source = $Help | Where-Object Title -EQ $command.SelectSingleNode('command:details/command:name', $names).InnerText
        foreach ($parameter in $command.SelectNodes('command:parameters/command:parameter', $names)) {
            $default = ($source.Parameters | Where-Object Name -EQ $parameter.SelectSingleNode('maml:name', $names).InnerText).DefaultValue
            Add-Element $parameter 'dev:defaultValue' $default
        }
    }

    foreach ($link in $Maml.SelectNodes('//maml:uri[not(starts-with(., "http"))]', $names)) {
        $link.InnerText = ''
    }
}

# What Get-Help -Online opens is the first link that has an address: the cmdlet's page where the project lies.
function Add-OnlineVersion([xml] $Maml, [string] $ProjectUri) {
    $names = [System.Xml.XmlNamespaceManager]::new($Maml.NameTable)
    $names.AddNamespace('maml', 'http://schemas.microsoft.com/maml/2004/10')
    $names.AddNamespace('command', 'http://schemas.microsoft.com/maml/dev/command/2004/10')
    foreach ($command in $Maml.SelectNodes('//command:command', $names)) {
        $links = $command.SelectSingleNode('command:relatedLinks', $names)
        $link = $links.PrependChild($Maml.CreateElement('maml:navigationLink', $names.LookupNamespace('maml')))
        $name = $command.SelectSingleNode('command:details/command:name', $names).InnerText
        foreach ($part in ('linkText', 'Online version'), ('uri', "$($ProjectUri.TrimEnd('/'))/blob/HEAD/en-US/$name.md")) {
            $link.AppendChild($Maml.CreateElement("maml:$($part[0])", $names.LookupNamespace('maml'))).InnerText = $part[1]
        }
    }
}

# Writes the help of the cmdlets' pages in one folder to another; the third is for what PlatyPS makes on the way.
function Export-Maml([string] $Source, [string] $Target, [string] $Work) {
    Import-Module -Name Microsoft.PowerShell.PlatyPS
    $help = Get-ChildItem -Path (Join-Path $Source '*-*.md') | Sort-Object Name | ForEach-Object { Import-MarkdownCommandHelp -Path $_.FullName }
    $file = Export-MamlCommandHelp -CommandHelp $help -OutputFolder $Work -Force
    $maml = [xml] (Get-Content -LiteralPath $file.FullName -Raw)
    Complete-Maml $maml $help
    $project = (Import-PowerShellDataFile -LiteralPath (Join-Path $Source '../CryoBackup.psd1')).PrivateData.PSData['ProjectUri']
    if ($project) {
        Add-OnlineVersion $maml $project
    }

    $settings = [System.Xml.XmlWriterSettings] @{ Indent = $true; NewLineChars = "`n"; Encoding = [System.Text.UTF8Encoding]::new($false) }
    $writer = [System.Xml.XmlWriter]::Create((Join-Path (Resolve-Path -LiteralPath $Target).ProviderPath 'CryoBackup.dll-Help.xml'), $settings)
    $maml.Save($writer)
    $writer.Dispose()
}
