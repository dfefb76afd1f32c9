/** @file Chat templates shaped like those of well-known families, in our own wording. */

/** Like Llama 3.2: the date in the system's turn, from `date_string` or the clock. */
export const dated = `{{- bos_token }}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content'] | trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start|>system<|stop|>\\n\\nToday: " + date_string + "\\n\\n" + system_message + "<|turn|>" }}
{%- for message in messages %}
    {{- '<|start|>' + message['role'] + '<|stop|>\\n\\n' + message['content'] | trim + '<|turn|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start|>assistant<|stop|>\\n\\n' }}
{%- endif %}
`;

/** Like Granite: the clock's date in every prompt, with no way to set it. */
export const clocked = `{%- set day = strftime_now('%B %-d, %Y') %}
{{- '<|start|>system\\nIt is ' + day + '.<|turn|>\\n' }}
{%- for message in messages %}{{- '<|start|>' + message.role + '\\n' + message.content + '<|turn|>\\n' }}{%- endfor %}
{%- if add_generation_prompt %}{{- '<|start|>assistant\\n' }}{%- endif %}`;

/** Like Qwen 3: begins with thinking unless `enable_thinking` is false. */
export const thinking = `{%- for message in messages %}
    {%- if message.role == "assistant" and loop.last %}
        {{- '<|im_start|>assistant\\n<think>\\n\\n</think>\\n\\n' + message.content.lstrip('\\n') + '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}
`;

/** Like Gemma: no turn for a system, and the assistant is named model. */
export const withoutSystem = `{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('There is no system role') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must take turns') }}{% endif %}{% if message['role'] == 'assistant' %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<|start|>' + role + '
' + message['content'] | trim + '<|turn|>
' }}{% endfor %}{% if add_generation_prompt %}{{'<|start|>model
'}}{% endif %}`;

/** Like an early Phi: a system's turn is silently ignored. */
export const deafToSystem = `{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{ '<|start|>user\\n' + message['content'] + '<|turn|>\\n<|start|>assistant\\n' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + '<|turn|>\\n' }}{% endif %}{% endfor %}`;
