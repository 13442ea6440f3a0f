{{- define "credbridge.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "credbridge.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- $name := include "credbridge.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "credbridge.selectorLabels" -}}
app.kubernetes.io/name: {{ include "credbridge.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "credbridge.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 }}
{{ include "credbridge.selectorLabels" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | trunc 63 | quote }}
app.kubernetes.io/component: bridge
app.kubernetes.io/part-of: credbridge
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* No version of the chart: pods are not replaced for a chart that says the same of them. */}}
{{- define "credbridge.podLabels" -}}
{{ include "credbridge.selectorLabels" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | trunc 63 | quote }}
app.kubernetes.io/component: bridge
app.kubernetes.io/part-of: credbridge
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "credbridge.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- define "credbridge.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default (include "credbridge.fullname" .) }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end -}}
{{- end }}

{{- define "credbridge.configMapName" -}}
{{ .Values.existingConfigMap | default (include "credbridge.fullname" .) }}
{{- end }}

{{/* A key of `config` by its path, or what the bridge takes where nobody speaks. */}}
{{- define "credbridge.configured" -}}
{{- $here := .config -}}
{{- $found := true -}}
{{- range splitList "." .path -}}
{{- if and $found (kindIs "map" $here) (hasKey $here .) (not (kindIs "invalid" (get $here .))) -}}
{{- $here = get $here . -}}
{{- else -}}
{{- $found = false -}}
{{- end -}}
{{- end -}}
{{- if $found -}}{{ $here | toJson }}{{- else -}}{{ .default | toJson }}{{- end -}}
{{- end }}

{{- define "credbridge.string" -}}
{{- $json := include "credbridge.configured" . -}}
{{- printf `{"value":%s}` $json | fromJson | dig "value" "" -}}
{{- end }}

{{- define "credbridge.port" -}}
{{- $listen := include "credbridge.string" (dict "config" .Values.config "path" "admin.listen" "default" "127.0.0.1:9464") -}}
{{- splitList ":" $listen | last -}}
{{- end }}

{{- define "credbridge.probesPort" -}}
{{- $listen := include "credbridge.string" (dict "config" .Values.config "path" "admin.probes_listen" "default" "") -}}
{{- with $listen }}{{ splitList ":" . | last }}{{ end -}}
{{- end }}

{{/* What the admin port speaks. */}}
{{- define "credbridge.scheme" -}}
{{- $certificate := include "credbridge.string" (dict "config" .Values.config "path" "admin.certificate_file" "default" "") -}}
{{- ternary "https" "http" (ne $certificate "") -}}
{{- end }}

{{/* A probe of `admin` goes to the port for probes where there is one, and speaks what the admin port speaks elsewhere. */}}
{{- define "credbridge.probe" -}}
{{- $probe := deepCopy .probe -}}
{{- with $probe.httpGet -}}
{{- if eq (toString .port) "admin" -}}
{{- $authority := include "credbridge.string" (dict "config" $.root.Values.config "path" "admin.client_ca_file" "default" "") -}}
{{- if include "credbridge.probesPort" $.root -}}
{{- $_ := set . "port" "probes" -}}
{{- else if $authority -}}
{{- fail "config.admin.client_ca_file asks clients for a certificate, and the kubelet has none: set config.admin.probes_listen, e.g. to 0.0.0.0:9465" -}}
{{- else if and (eq (include "credbridge.scheme" $.root) "https") (not .scheme) -}}
{{- $_ := set . "scheme" "HTTPS" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $probe -}}
{{- end }}

{{/* How many pods have something to do. */}}
{{- define "credbridge.usefulReplicas" -}}
{{- $shards := include "credbridge.string" (dict "config" .Values.config "path" "topics.shards" "default" 16) | int -}}
{{- $workers := include "credbridge.string" (dict "config" .Values.config "path" "workers" "default" 1) | int | max 1 -}}
{{- max 1 (div $shards $workers) -}}
{{- end }}

{{- define "credbridge.maxReplicas" -}}
{{- $useful := include "credbridge.usefulReplicas" . | int -}}
{{- $wanted := .Values.autoscaling.maxReplicas | int -}}
{{- if gt $wanted $useful -}}
{{- fail (printf "autoscaling.maxReplicas is %d, but config.topics.shards / config.workers leaves work for %d pods; lower it, or set it to 0" $wanted $useful) -}}
{{- end -}}
{{- if eq $wanted 0 -}}{{ $useful }}{{- else -}}{{ $wanted }}{{- end -}}
{{- end }}

{{- define "credbridge.applicationId" -}}
{{- include "credbridge.string" (dict "config" .Values.config "path" "application_id" "default" "credbridge") -}}
{{- end }}
